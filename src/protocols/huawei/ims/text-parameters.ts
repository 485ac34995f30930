/** What requests say of a new image in so many words (reference §5); those that change one ask for the same. */
import { isUuid } from '../../../domain/ids.ts';
import { isStorable } from '../../../lib/storable-text.ts';
import { FaultError } from '../../shared/faults.ts';
import { type Parameter, required, text } from '../../shared/parameters.ts';
import { commonFaults } from '../common-faults.ts';
import { imageFaults } from '../image-faults.ts';
import { noEnterpriseProject } from './enterprise-project.ts';
import { keyFaults } from './key-faults.ts';

const { bodyInvalid } = commonFaults;
const { keyNotFound } = keyFaults;
const { descriptionMalformed, descriptionTooLong, enterpriseProjectInvalid } = imageFaults;
const { nameMalformed, nameMissing, nameTooLong } = imageFaults;

/** Marks, too: many scripts write their letters with them. */
const namePattern = /^(?! )[\p{L}\p{M}\p{Nd}._ -]*(?<! )$/u;
const longestName = 128;
const longestDescription = 1024;

/** Of requests that need not say it. */
export const newImageName: Parameter<string | undefined> = {
  ...text({
    rule: `1 to ${longestName} letters of any script, digits, - . _ and spaces, none of these at either end`,
    fault: nameMalformed,
  }),
  faults: [nameTooLong, nameMalformed],
  read(value, name) {
    if (value === undefined || value === null) return undefined;
    if (typeof value !== 'string') throw new FaultError(nameMalformed, name);
    if (value.length > longestName) throw new FaultError(nameTooLong, name);
    if (!namePattern.test(value)) throw new FaultError(nameMalformed, name);
    return value;
  },
};

export const imageName = required(newImageName, nameMissing);

/** The empty text, which takes a description away, is one; clients send it when they have none to give. */
export const imageDescription: Parameter<string | undefined> = {
  ...text({
    rule: `${longestDescription} characters at most, without carriage returns, < and >`,
    fault: descriptionMalformed,
  }),
  faults: [descriptionTooLong, descriptionMalformed],
  read(value, name) {
    if (value === undefined || value === null) return undefined;
    if (typeof value !== 'string') throw new FaultError(descriptionMalformed, name);
    if (value.length > longestDescription) throw new FaultError(descriptionTooLong, name);
    if (/[\r<>]/.test(value) || !isStorable(value)) throw new FaultError(descriptionMalformed, name);
    return value;
  },
};

const keyText = text({ rule: 'id of a key', fault: bodyInvalid });

/** An alias is none, nor is a word: whoever asks for an encrypted image never gets a plain one. */
export const cmkId: Parameter<string | undefined> = {
  ...keyText,
  faults: [bodyInvalid, keyNotFound],
  read(value, name) {
    const id = keyText.read(value, name);
    if (id && !isUuid(id)) throw new FaultError(keyNotFound, name);
    return id;
  },
};

/** Null for the default one, which is none here; undefined where the request says nothing. */
export const enterpriseProjectId: Parameter<string | null | undefined> = {
  ...text({ rule: `a UUID, or ${noEnterpriseProject} for the default one`, fault: enterpriseProjectInvalid }),
  read(value, name) {
    if (value === undefined || value === null || value === '') return undefined;
    if (value === noEnterpriseProject) return null;
    if (typeof value !== 'string' || !isUuid(value)) throw new FaultError(enterpriseProjectInvalid, name);
    return value;
  },
};
