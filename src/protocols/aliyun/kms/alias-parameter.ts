import { commonFaults } from '../common-faults.ts';
import { required, text } from '../parameters.ts';
import { missing } from './key-faults.ts';
import { readAlias } from './key-names.ts';

/** What follows `alias/` is the core's to judge. */
export const aliasParameter = required(
  text({
    rule: 'alias/ and 1 to 255 letters, digits and : / _ -',
    fault: commonFaults.invalidParameter,
    matches: (name) => readAlias(name) !== undefined,
  }),
  missing,
);
