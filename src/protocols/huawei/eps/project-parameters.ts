/** What an enterprise project is given when it is made or changed. */
import { oneOf, required, text } from '../../shared/parameters.ts';
import { createProjectFaults as faults } from './enterprise-project-faults.ts';
import { projectType } from './enterprise-projects.ts';

const { badRequest, descriptionInvalid, nameInvalid } = faults;

function isName(name: string): boolean {
  return /^[\p{L}\p{N}_-]{1,64}$/u.test(name) && !/default/i.test(name);
}

export const projectParameters = {
  name: required(
    text({ rule: '1 to 64 letters, digits, _ and -, without the word default', fault: nameInvalid, matches: isName }),
    nameInvalid,
  ),
  description: text({ rule: 'at most 255 characters', fault: descriptionInvalid }),
  type: oneOf([projectType], badRequest),
};
