/** The rules that names and descriptions keep to, whatever they name and describe. */
import { FaultError } from '../../shared/faults.ts';
import type { Parameter } from '../../shared/parameters.ts';
import { commonFaults } from '../common-faults.ts';
import type { Fault } from '../fault.ts';
import { text } from '../parameters.ts';

/** As the error tables tell it. */
export const nameRuleMessage =
  'Image names must be between 2 and 128 characters long, using either English or Chinese characters. The name must start with a letter or a Chinese character, and can include numbers, colons, underscores and hyphens.';

const nameRule =
  '2 to 128 characters: letters, Chinese characters, digits, . : _ -; the first is a letter or a Chinese character; not beginning with aliyun or acs:, without http:// and https://';
const wellFormedName = /^[a-z\p{Script=Han}][a-z\p{Script=Han}\d.:_-]{1,127}$/iu;
/** Of whoever may not be mistaken for the cloud itself, or for a link. */
const reservedName = /^(aliyun|acs:)|https?:\/\//;

/** `reserved`: of a name that is well formed but for its beginning or a link in it, where it is told apart. */
export function nameText(malformed: Fault, reserved = malformed): Parameter<string | undefined> {
  const shape = text({
    rule: nameRule,
    fault: malformed,
    // The second: what is kept is counted in UTF-16.
    matches: (name) => wellFormedName.test(name) && name.length <= 128,
  });
  return {
    ...shape,
    faults: [...new Set([malformed, reserved])],
    read(value, name) {
      if (typeof value === 'string' && reservedName.test(value)) throw new FaultError(reserved, name);
      return shape.read(value, name);
    },
  };
}

export function descriptionText(malformed: Fault): Parameter<string | undefined> {
  return text({
    rule: '2 to 256 characters, not beginning with http:// or https://',
    fault: malformed,
    matches: /^(?!https?:\/\/).{2,256}$/s,
  });
}

export const clientToken = text({
  rule: '1 to 64 ASCII characters; the same token with the same request is done once',
  fault: commonFaults.invalidParameter,
  // biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII is what the reference says.
  matches: /^[\x01-\x7f]{1,64}$/,
});
