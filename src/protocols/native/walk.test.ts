/** Every operation of the OpenAPI document, asked for by those who may not. */
import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeImage } from '../../../test/support/installation.ts';
import { type Answer, createTestApi, type TestApi } from '../../../test/support/native-api.ts';
import { type ObjectServer, startObjectServer } from '../../../test/support/object-server.ts';
import { openObjectServer } from '../../../test/support/open-object-server.ts';
import { signedHeaders } from '../../../test/support/signed-request.ts';
import { createSession } from '../../app/tenants/sessions.ts';
import { actions } from '../../domain/authorization.ts';
import type { ObjectStore } from '../../objects/object-store.ts';
import type { Operation } from './operation.ts';
import { operations } from './operations.ts';

let api: TestApi;
/** Things of the caller's account, by what paths call them; `key` is an access key's id. */
let things: Readonly<Record<string, string>>;
let viewer: string;
/** An owner of another account. */
let stranger: string;
/** One who acts by an agency, as an owner of one project, in which none of the things lies. */
let visitor: string;
let store: ObjectServer;
let objects: ObjectStore;

beforeAll(async () => {
  store = await startObjectServer();
  store.buckets.get('images')?.set('disk', randomBytes(4096));
  objects = openObjectServer(store);
  api = await createTestApi({ installation: { objects } });
  viewer = await api.newToken('viewer');
  stranger = await api.newToken('owner', await api.installation.newCaller());
  const make = async (path: string, body?: object) => {
    const answer = await api.call('POST', path, body);
    expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(300);
    return answer.body as { id: string };
  };
  const image = await makeImage(api.installation.context, api.caller, [randomBytes(4096)]);
  const copies = (await make('/copies', { images: [image.id], regions: ['south'] })) as unknown as {
    copies: { id: string }[];
  };
  const user = await make('/users', { name: 'somebody', role: 'viewer' });
  const webhook = await make('/webhooks', { url: 'http://127.0.0.1:9/', types: ['*'] });
  const imported = { region: 'north', name: 'imported', disks: [{ bucket: 'images', object: 'disk', role: 'system' }] };
  things = {
    account: api.caller.accountId,
    image: image.id,
    index: '0',
    snapshot: image.disks[0]?.snapshot.id ?? '',
    key: (await make(`/users/${user.id}/access-keys`)).id,
    user: user.id,
    session: (await make('/sessions')).id,
    project: (await make('/projects', { region: 'north', name: 'staging' })).id,
    agency: (await make('/agencies', { name: 'copies', grants: [{ role: 'operator' }] })).id,
    group: (await make('/resource-groups', { name: 'base' })).id,
    copy: copies.copies[0]?.id ?? '',
    region: 'north',
    webhook: webhook.id,
    task: (await make('/imports', imported)).id,
    delivery: (await make(`/webhooks/${webhook.id}/ping`)).id,
    customerKey: (await make('/keys', { region: 'north', alias: 'base' })).id,
    alias: 'base',
    service: 'images',
  };
  const partner = await api.installation.newCaller();
  const grants = [{ project: (await make('/projects', { region: 'north', name: 'lent' })).id, role: 'owner' }];
  await make('/agencies', { name: 'partner', trustedAccount: partner.accountName, grants });
  const agency = { account: api.caller.accountName, name: 'partner' };
  visitor = (await createSession(api.installation.context, partner, { name: 'visit', agency })).token;
});
afterAll(async () => {
  await api.close();
  objects.close();
  await store.close();
});

function pathOf({ path, id }: Operation): string {
  const query = id === 'watchCopies' ? `?request=${randomUUID()}` : '';
  const known = path.startsWith('/keys/') ? { ...things, key: things['customerKey'] ?? '' } : things;
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(known[name] ?? 'made')) + query;
}

/** With a body as the document shows it. */
async function ask(operation: Operation, headers: Record<string, string>): Promise<Answer> {
  const path = pathOf(operation);
  if (operation.kind === 'json') return await api.call(operation.method, path, operation.example as object, headers);
  const isUpload = operation.method === 'PUT' || operation.method === 'PATCH';
  if (!isUpload) return await api.call(operation.method, path, undefined, headers);
  const upload = { 'content-type': operation.kind === 'content' ? (operation.takes[0] ?? '') : '' };
  const resumed = { 'upload-offset': '0', 'upload-complete': '?1' };
  return await api.call(operation.method, path, randomBytes(4096), { ...upload, ...resumed, ...headers });
}

const byId = operations.map((operation) => [operation.id, operation] as const);

describe('without credentials, or with wrong ones, the answer is always the same', () => {
  it.each(byId)('%s', async (_, operation) => {
    const { method } = operation;
    const path = pathOf(operation);
    const body = operation.kind === 'json' ? (operation.example as object | undefined) : undefined;
    const signer = { id: things['key'] ?? '', secret: randomBytes(32).toString('base64') };
    const wrong: Record<string, string>[] = [
      { authorization: '' },
      { authorization: `Bearer ${randomUUID()}` },
      { authorization: `Basic ${api.token}` },
      { authorization: `Bearer ${api.token} ` },
      { ...signedHeaders(signer, { method, path, body }) },
    ];
    for (const headers of wrong) {
      const response = await api.app.inject({
        method: method as 'GET',
        url: `/api/v1${path}`,
        headers,
        ...(body && { payload: body }),
      });
      expect(response.statusCode).toBe(401);
      expect(response.headers).toMatchObject({
        'www-authenticate': 'Bearer',
        'cache-control': 'no-store',
        'content-type': expect.stringMatching(/^application\/problem\+json\b/),
        'x-request-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
      });
      if (method === 'HEAD') continue;
      expect(response.json()).toEqual({
        type: 'urn:mimeo:problem:unauthenticated',
        code: 'unauthenticated',
        title: 'the request does not prove who sends it',
        status: 401,
      });
    }
  });
});

const roleOf = ({ action }: Operation) => (action === null ? 'viewer' : actions[action].least);
const needsAdministration = ({ action }: Operation) => action !== null && 'administers' in actions[action];

describe("a viewer's token does not do", () => {
  const above = operations.filter((operation) => roleOf(operation) !== 'viewer');
  it.each(above.map((operation) => [operation.id, operation] as const))('%s', async (_, operation) => {
    const answer = await ask(operation, { authorization: `Bearer ${viewer}` });
    expect([answer.status, answer.body]).toMatchObject([403, { code: 'forbidden', action: operation.action }]);
  });
});

describe("an owner's token does not do in an account that does not administer", () => {
  const administrators = operations.filter(needsAdministration);
  it.each(administrators.map((operation) => [operation.id, operation] as const))('%s', async (_, operation) => {
    const answer = await ask(operation, {});
    expect([answer.status, answer.body]).toMatchObject([403, { code: 'forbidden', action: operation.action }]);
  });
});

describe('whoever acts by an agency in one project', () => {
  const headers = () => ({ authorization: `Bearer ${visitor}` });
  const isKept = ({ action }: Operation) =>
    action !== null && ('delegable' in actions[action] || 'administers' in actions[action]);
  const kept = operations.filter(isKept);
  it.each(kept.map((operation) => [operation.id, operation] as const))('does not do %s', async (_, operation) => {
    const answer = await ask(operation, headers());
    expect([answer.status, answer.body]).toMatchObject([403, { code: 'forbidden', action: operation.action }]);
  });

  const ofAccount = ['whoami', 'readOpenApi', 'listRegions', 'listAccounts', 'findAccount', 'listResourceGroups'];
  const reached = [
    ...ofAccount,
    'readQuotas',
    'readAccountQuotas',
    'listProjects',
    'listImages',
    'listTags',
    'listSnapshots',
    'listCopies',
    'listTasks',
  ];
  it.each(byId.filter(([id]) => reached.includes(id)))('learns of no other project by %s', async (_, operation) => {
    const answer = await ask(operation, headers());
    expect(answer.status).toBe(200);
    for (const thing of ['image', 'snapshot', 'copy', 'project', 'task'])
      expect(JSON.stringify(answer.body)).not.toContain(things[thing]);
  });

  const others = operations.filter((each) => !isKept(each) && !reached.includes(each.id));
  it.each(others.map((each) => [each.id, each] as const))('finds nothing elsewhere to %s', async (id, operation) => {
    const asksForCopies = operation.kind === 'json' && ['copyImages', 'planCopies'].includes(id);
    const example = { images: [things['image']], regions: ['south'] };
    const answer = await ask(asksForCopies ? { ...operation, example } : operation, headers());
    // Where the default project stands in for one that is not named, there is nothing whose existence could be denied.
    const [status, code] = id === 'createImage' ? [403, /^forbidden$/] : [404, /\.not-found$/];
    expect(answer.status, JSON.stringify(answer.body)).toBe(status);
    if (operation.method !== 'HEAD') expect(answer.body).toMatchObject({ code: expect.stringMatching(code) });
  });
});

describe('what belongs to another account does not exist', () => {
  const ofThings = operations.filter((each) => each.params !== undefined && !needsAdministration(each));
  it.each(ofThings.map((operation) => [operation.id, operation] as const))('%s', async (id, operation) => {
    const answer = await ask(operation, { authorization: `Bearer ${stranger}` });
    // Whose quotas may be read is a matter of rights, whether or not there is such an account.
    const [status, code] = id === 'readAccountQuotas' ? [403, /^forbidden$/] : [404, /[.-]not-found$/];
    expect(answer.status, JSON.stringify(answer.body)).toBe(status);
    if (operation.method !== 'HEAD') expect(answer.body).toMatchObject({ code: expect.stringMatching(code) });
  });
});
