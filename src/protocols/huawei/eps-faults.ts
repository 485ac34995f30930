/** What the enterprise-project service says no with, and what the core's refusals become there. */
import { commonFaults } from './common-faults.ts';
import type { Fault, Faults } from './fault.ts';
import type { PlainStatus } from './plain-faults.ts';

export const epsFaults = {
  badRequest: {
    status: 400,
    code: 'EPS.0002',
    message: 'Bad request.',
    when: 'the body is no JSON object, or a value breaks its rule and has no row of its own',
  },
  forbidden: {
    status: 403,
    code: 'EPS.0004',
    message: 'Permission error.',
    when: "the caller's role or agency does not allow it",
  },
  notFound: {
    status: 404,
    code: 'EPS.0005',
    message: 'Requested resources not found.',
    when: 'enterprise_project_id is neither 0 nor the id of an enterprise project of the domain',
  },
  limitInvalid: {
    status: 400,
    code: 'EPS.0017',
    message: 'Invalid limit.',
    when: 'limit is no whole number from 1 to 1000',
  },
  offsetInvalid: {
    status: 400,
    code: 'EPS.0018',
    message: 'Invalid offset.',
    when: 'offset is no whole number from 0',
  },
  typeInvalid: {
    status: 400,
    code: 'EPS.0025',
    message: 'Invalid element in the resource type list.',
    when: 'a resource type is another than images: there are no others here',
  },
} as const satisfies Faults;

/** All other statuses mean that something is wrong with the request or stands in its way, for which there is one row. */
const byStatus: Readonly<Partial<Record<PlainStatus, Fault>>> = {
  403: epsFaults.forbidden,
  404: epsFaults.notFound,
  503: commonFaults.unavailable,
};

/** `status`: what OpenStack's services would answer. */
export function epsFaultOf(status: PlainStatus): Fault {
  return byStatus[status] ?? epsFaults.badRequest;
}
