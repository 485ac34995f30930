/** What the service says to whoever makes or changes an enterprise project. */

import { FaultError } from '../../shared/faults.ts';
import type { RefusalFaults } from '../../shared/refusals.ts';
import { epsFaults } from '../eps-faults.ts';
import type { Faults } from '../fault.ts';

const { badRequest, forbidden, notFound } = epsFaults;

export const createProjectFaults = {
  badRequest: { ...badRequest, when: 'the body is no JSON object, or type is another than prod' },
  forbidden,
  nameInvalid: {
    status: 400,
    code: 'EPS.0007',
    message: 'Invalid enterprise project name.',
    when: 'name is missing or breaks its rule',
  },
  descriptionInvalid: {
    status: 400,
    code: 'EPS.0008',
    message: 'Invalid enterprise project description.',
    when: 'description is no text, or has more than 255 characters',
  },
  nameTaken: {
    status: 409,
    code: 'EPS.0010',
    message: 'The enterprise project name already exists.',
    when: 'the domain has an enterprise project of this name',
  },
  quota: {
    status: 400,
    code: 'EPS.0009',
    message: 'The number of enterprise project exceeds the upper limit.',
    never: 'there is no limit',
  },
} as const satisfies Faults;

export const updateProjectFaults = {
  ...createProjectFaults,
  notFound,
  isDefault: {
    status: 400,
    code: 'EPS.0012',
    message: 'The default enterprise project cannot be modified.',
    when: 'enterprise_project_id is 0',
  },
  isDisabled: {
    status: 400,
    code: 'EPS.0014',
    message: 'The disabled enterprise project cannot be modified.',
    when: 'the enterprise project is disabled',
  },
} as const satisfies Faults;

export const operateProjectFaults = {
  badRequest: { ...badRequest, when: 'the body is no JSON object' },
  forbidden,
  notFound,
  actionInvalid: {
    status: 400,
    code: 'EPS.0013',
    message: 'Invalid action.',
    when: 'action is neither enable nor disable',
  },
  isDefault: {
    status: 400,
    code: 'EPS.0015',
    message: 'The default enterprise project does not support the operation.',
    when: 'enterprise_project_id is 0',
  },
} as const satisfies Faults;

/** Of operations that are given a name and a description. */
export const namingRefusals: RefusalFaults = {
  'resource-group.exists': createProjectFaults.nameTaken,
  'request.invalid': ({ field }) => {
    const { nameInvalid, descriptionInvalid } = createProjectFaults;
    return new FaultError(field === 'description' ? descriptionInvalid : nameInvalid);
  },
};
