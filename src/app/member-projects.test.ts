import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createInstallation, type Installation } from '../../test/support/installation.ts';
import type { Caller } from './context.ts';
import { findMemberProject, projectsOfMembers } from './member-projects.ts';
import { createProject, listProjects } from './tenants/projects.ts';

let installation: Installation;
let caller: Caller;
let guest: Caller;
beforeAll(async () => {
  installation = await createInstallation();
  [caller, guest] = [await installation.newCaller(), await installation.newCaller()];
});
afterAll(() => installation.close());

async function defaultProject(of: Caller, region: string): Promise<string> {
  const { projects } = await listProjects(installation.context, of, { region, limit: 1 });
  return projects[0]?.id ?? '';
}

it('a project is found by its id, whosever it is, in its region', async () => {
  const { context } = installation;
  const project = await defaultProject(guest, 'north');
  const found = await findMemberProject(context, caller, { project, region: 'north' });
  expect(found).toMatchObject({ id: project, accountId: guest.accountId, region: 'north' });
  expect(await findMemberProject(context, caller, { project, region: 'south' })).toBeUndefined();
  expect(await findMemberProject(context, caller, { project: randomUUID(), region: 'north' })).toBeUndefined();
});

it('an account stands for the project that it was named by, or for its default one', async () => {
  const { context } = installation;
  const { result } = await createProject(context, guest, { region: 'north', name: 'north_guests', description: '' });
  const members = [
    { accountId: guest.accountId, projectId: result.id },
    { accountId: caller.accountId, projectId: null },
  ];
  expect([...(await projectsOfMembers(context, members, 'north'))].toSorted()).toEqual(
    [
      [guest.accountId, result.id],
      [caller.accountId, await defaultProject(caller, 'north')],
    ].toSorted(),
  );
  expect((await projectsOfMembers(context, [], 'north')).size).toBe(0);
});
