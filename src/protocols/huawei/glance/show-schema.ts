import { oneOf, required } from '../../shared/parameters.ts';
import { operation } from '../operation.ts';
import { plainFaults } from '../plain-faults.ts';
import { glanceSchemas } from './schemas.ts';

const faults = { notFound: { ...plainFaults[404], when: 'there is no schema of this name' } };
const names = Object.keys(glanceSchemas) as (keyof typeof glanceSchemas)[];

export const showSchema = operation({
  service: 'glance',
  method: 'GET',
  route: '/v2/schemas/{schema}',
  name: 'GlanceShowSchema',
  summary: 'Gives the JSON schema of images, members, or lists of them.',
  right: null,
  path: { schema: required(oneOf(names, faults.notFound), faults.notFound) },
  faults,
  handle: async ({ parameters }) => ({ body: glanceSchemas[parameters.schema] }),
});
