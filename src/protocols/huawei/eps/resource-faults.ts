/** What the service says to whoever moves resources, or looks for those of an enterprise project. */

import { epsFaults } from '../eps-faults.ts';
import type { Faults } from '../fault.ts';

const { badRequest, forbidden, limitInvalid, notFound, offsetInvalid, typeInvalid } = epsFaults;

export const migrateFaults = {
  badRequest: { ...badRequest, when: 'the body is no JSON object, resource_id is missing, or a copy reads the image' },
  forbidden,
  notFound: {
    ...notFound,
    when: `${notFound.when}, or that one is disabled; or the project has no image of the caller's with this id`,
  },
  typeInvalid: { ...typeInvalid, when: 'resource_type is missing or another than images: there are no others here' },
  projectInvalid: {
    status: 400,
    code: 'EPS.0022',
    message: 'Invalid project ID.',
    when: 'project_id is missing or no id',
  },
} as const satisfies Faults;

export const listResourcesFaults = {
  badRequest: { ...badRequest, when: 'the body is no JSON object, or a list or matches break their rules' },
  notFound,
  limitInvalid,
  offsetInvalid,
  projectsEmpty: {
    status: 400,
    code: 'EPS.0020',
    message: 'Empty project list.',
    when: 'projects is missing or empty',
  },
  projectsRepeated: {
    status: 400,
    code: 'EPS.0021',
    message: 'Duplicated elements in the project list.',
    when: 'projects has an id twice',
  },
  projectsInvalid: {
    status: 400,
    code: 'EPS.0026',
    message: 'Invalid element in the project list.',
    when: 'projects has what is no id',
  },
  typesEmpty: {
    status: 400,
    code: 'EPS.0023',
    message: 'Empty resource type list.',
    when: 'resource_types is missing or empty',
  },
  typesRepeated: {
    status: 400,
    code: 'EPS.0024',
    message: 'Duplicated elements in the resource type list.',
    when: 'resource_types has a type twice',
  },
  typeInvalid,
} as const satisfies Faults;
