import type { AppContext, Caller } from '../../../app/context.ts';
import { listImagesCounted } from '../../../app/list-images.ts';
import { listProjects } from '../../../app/tenants/projects.ts';
import { findResourceGroup } from '../../../app/tenants/resource-groups.ts';
import { FaultError } from '../../shared/faults.ts';
import { list, object, oneOf, type Parameter, required, text } from '../../shared/parameters.ts';
import type { Fault } from '../fault.ts';
import { identifier } from '../iam/identifier.ts';
import { mostPerPage as mostProjects } from '../iam/paging.ts';
import { toHexId } from '../ids.ts';
import { noEnterpriseProject } from '../ims/enterprise-project.ts';
import { operation } from '../operation.ts';
import { enterpriseProjectId } from './enterprise-projects.ts';
import { pageParameters } from './paging.ts';
import { listResourcesFaults as faults } from './resource-faults.ts';

const { badRequest: fault } = faults;

interface SetRule {
  readonly most: number;
  readonly empty: Fault;
  readonly repeated: Fault;
}

/** A list of which there is at least one, and none twice. */
function set<Value>(item: Parameter<Value>, { most, empty, repeated }: SetRule): Parameter<Value[]> {
  const items = required(list<Value>(item, { most, tooMany: fault, fault }), empty);
  return {
    ...items,
    faults: [...items.faults, repeated],
    read(given, name) {
      const read = items.read(given, name);
      if (read.length === 0) throw new FaultError(empty, name);
      if (new Set(read).size < read.length) throw new FaultError(repeated, name);
      return read;
    },
  };
}

const match = object(
  { key: required(oneOf(['resource_name'], fault), fault), value: required(text({ fault }), fault) },
  fault,
);

/** Clients read on behind what they have until a page is empty. */
export const listResources = operation({
  service: 'eps',
  method: 'POST',
  route: '/v1.0/enterprise-projects/{enterprise_project_id}/resources/filter',
  name: 'ShowResourceBindEnterpriseProject',
  summary: 'Lists the images of an enterprise project, newest first, those of projects in all regions.',
  right: 'resource-group.read',
  path: { enterprise_project_id: enterpriseProjectId },
  body: {
    projects: set(identifier(faults.projectsInvalid), {
      most: 1000,
      empty: faults.projectsEmpty,
      repeated: faults.projectsRepeated,
    }),
    resource_types: set(required(oneOf(['images'], faults.typeInvalid), faults.typeInvalid), {
      most: 10,
      empty: faults.typesEmpty,
      repeated: faults.typesRepeated,
    }),
    matches: list(match, { most: 1, tooMany: fault, fault }),
    ...pageParameters,
  },
  faults,
  async handle({ context, caller, parameters }) {
    const { enterprise_project_id: id, projects: asked, matches: [named] = [], limit, offset } = parameters;
    if (id !== noEnterpriseProject) await findResourceGroup(context, caller, id);
    const { images, total } = await listImagesCounted(
      context,
      caller,
      {
        owner: 'self',
        anyProject: asked,
        ...(id === noEnterpriseProject ? { isUngrouped: true } : { resourceGroup: id }),
        namePart: named?.value,
        sort: 'createdAt',
        descending: true,
      },
      { offset, limit },
    );
    const names = images.length === 0 ? none : await namesOfProjects(context, caller);
    const resources = images.map((image) => ({
      enterprise_project_id: id,
      project_id: toHexId(image.projectId),
      project_name: names.get(image.projectId) ?? '',
      resource_id: image.id,
      resource_name: image.name,
      resource_type: 'images',
      resource_detail: null,
    }));
    return { body: { resources, errors: [], total_count: total } };
  },
});

const none = new Map<string, never>();

/** By id. */
async function namesOfProjects(context: AppContext, caller: Caller): Promise<ReadonlyMap<string, string>> {
  const { projects } = await listProjects(context, caller, { limit: mostProjects });
  return new Map(projects.map(({ id, name }) => [id, name]));
}
