import { z } from 'zod';
import { createProject, deleteProject, listProjects, updateProject } from '../../app/tenants/projects.ts';
import type { Project } from '../../domain/tenants.ts';
import { description, id, text } from './input.ts';
import { nothing, operation } from './operation.ts';
import { createCursors, pageFields, pageOf, placeOfName } from './paging.ts';
import { time, timeOf, uuid } from './render.ts';

const projectSchema = z
  .strictObject({
    id: uuid,
    region: z.string(),
    name: z.string(),
    description: z.string(),
    isDefault: z.boolean().meta({ description: 'Named after its region; it stays.' }),
    createdAt: time,
  })
  .meta({ id: 'Project', description: "An account's part of a region." });

function renderProject({ accountId: _, createdAt, ...shown }: Project): z.input<typeof projectSchema> {
  return { ...shown, createdAt: timeOf(createdAt) };
}

const projectParams = { project: id("The project's id.") };

export const projectOperations = [
  operation({
    id: 'listProjects',
    method: 'GET',
    path: '/projects',
    summary: "Lists the account's projects by name.",
    action: 'project.read',
    query: z.strictObject({ region: text.optional(), ...pageFields }),
    status: 200,
    answer: pageOf('projects', projectSchema),
    refusals: [],
    async handle({ context, caller, query }) {
      const { limit, cursor, region } = query;
      const cursors = createCursors(placeOfName, 'projects', region);
      const { projects, next } = await listProjects(context, caller, { region, limit, after: cursors.read(cursor) });
      return { body: { projects: projects.map(renderProject), nextCursor: cursors.write(next) } };
    },
  }),

  operation({
    id: 'createProject',
    method: 'POST',
    path: '/projects',
    summary: 'Makes a project.',
    action: 'project.manage',
    body: z.strictObject({ region: text, name: text, description: description.default('') }),
    example: { region: 'north', name: 'staging' },
    status: 201,
    answer: projectSchema,
    idempotent: true,
    refusals: ['region.not-found', 'project.exists'],
    async handle({ context, caller, body, token }) {
      const { result, replayed } = await createProject(context, caller, body, token);
      return { body: renderProject(result), replayed };
    },
  }),

  operation({
    id: 'updateProject',
    method: 'PATCH',
    path: '/projects/{project}',
    summary: 'Changes what is given.',
    action: 'project.manage',
    params: projectParams,
    body: z.strictObject({ name: text.optional(), description: description.optional() }),
    example: { description: 'before production' },
    status: 200,
    answer: projectSchema,
    refusals: ['project.not-found', 'project.exists'],
    async handle({ context, caller, params, body }) {
      return { body: renderProject(await updateProject(context, caller, params.project, body)) };
    },
  }),

  operation({
    id: 'deleteProject',
    method: 'DELETE',
    path: '/projects/{project}',
    summary: 'Deletes a project that has no images and is not the default one.',
    action: 'project.manage',
    params: projectParams,
    status: 204,
    answer: nothing,
    refusals: ['project.not-found', 'project.in-use'],
    async handle({ context, caller, params }) {
      await deleteProject(context, caller, params.project);
      return { body: undefined };
    },
  }),
];
