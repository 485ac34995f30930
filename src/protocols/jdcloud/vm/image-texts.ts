/** What images are called and described as, whichever operation says so. */
import { type Parameter, text } from '../../shared/parameters.ts';
import { commonFaults } from '../common-faults.ts';

const { parameterInvalid } = commonFaults;

const nameText = text({
  rule: '1 to 32 Chinese characters, letters, digits and _ - . ; an empty one counts as none',
  fault: parameterInvalid,
  matches: /^[\p{Script=Han}A-Za-z\d_.-]{0,32}$/u,
});

export const imageName: Parameter<string | undefined> = {
  ...nameText,
  read: (value, name) => nameText.read(value, name) || undefined,
};

export const imageDescription = text({
  rule: 'at most 256 characters',
  fault: parameterInvalid,
  matches: /^.{0,256}$/su,
});
