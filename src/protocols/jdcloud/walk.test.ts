/** Every operation, asked for by those who may not. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestJdcloud, type TestJdcloud } from '../../../test/support/jdcloud-api.ts';
import {
  createJdcloudClient,
  type JdcloudAnswer,
  type JdcloudClient,
  type JdcloudClientOptions,
  type JdcloudSigning,
} from '../../../test/support/jdcloud-client.ts';
import { expectFault } from '../../../test/support/jdcloud-faults.ts';
import { makePlainImage } from '../../../test/support/plain-image.ts';
import { isBeyond, makeWalkKeys, type WalkKeys } from '../../../test/support/walk.ts';
import type { Role } from '../../domain/principal.ts';
import { commonFaults } from './common-faults.ts';
import type { Fault } from './fault.ts';
import { type Operation, services } from './operation.ts';
import { findOperations, operations } from './operations.ts';
import { readPath } from './paths.ts';

let jdcloud: TestJdcloud;
/** Things of the caller's account, by what paths call them. */
let things: Readonly<Record<string, string>>;
let keys: WalkKeys;

beforeAll(async () => {
  jdcloud = await createTestJdcloud();
  const { caller, installation } = jdcloud;
  const image = await makePlainImage(installation.context, caller, {
    name: 'image-of-walk',
    description: 'description-of-walk',
  });
  things = {
    regionId: 'north',
    imageId: image.jdcloudId,
    snapshotId: image.disks[0]?.snapshot.jdcloudId ?? '',
    instanceId: 'i-walked',
  };
  keys = await makeWalkKeys(jdcloud);
});
afterAll(() => jdcloud.close());

function titled(walked: readonly Operation[]) {
  return walked.map((each) => [`${each.service}: ${each.method} ${each.route}`, each] as const);
}

function pathOf({ route }: Operation, changes: Readonly<Record<string, string>> = {}): string {
  return `/v1/regions/{regionId}${route}`.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    return changes[name] ?? things[name] ?? 'made';
  });
}

function signing({ service }: Operation, change: Partial<JdcloudClientOptions> = {}): JdcloudClient {
  return createJdcloudClient({ url: jdcloud.url, ...jdcloud.key, service, ...change });
}

async function ask(to: JdcloudClient, operation: Operation, path = pathOf(operation), more: object = {}) {
  const body = operation.method === 'POST' ? { body: {} } : {};
  return await to.call(operation.method, path, { ...body, ...more });
}

const { apiNotFound, authorizationMissing, credentialsInvalid, forbidden, keyInvalid, regionInvalid, signatureWrong } =
  commonFaults;
const minutes = (count: number) => () => Date.now() + count * 60_000;

describe('without credentials, or with wrong ones, nothing is said but that', () => {
  const forms: readonly JdcloudSigning[] = ['jdcloud2', 'jdcloud3'];

  it.each(titled(operations))('%s', async (_, operation) => {
    const { authorization: _authorization, ...headers } = signing(operation).sign('GET', '/v1').headers;
    const { method } = operation;
    const unsigned = { method, path: pathOf(operation), headers, body: undefined };
    expectFault(await signing(operation).send(unsigned), authorizationMissing);
    const bearer = { ...unsigned, headers: { ...headers, authorization: `Bearer ${keys.token}` } };
    expectFault(await signing(operation).send(bearer), authorizationMissing);
    for (const form of forms) {
      const refused = async (change: Partial<JdcloudClientOptions>, fault: Fault, about?: string) =>
        expectFault(await ask(signing(operation, { signing: form, ...change }), operation), fault, about);
      await refused({ accessKeyId: 'MKAAAAAAAAAAAAAAAAAA' }, keyInvalid);
      await refused(keys.disabled, keyInvalid);
      // Temporary, without its token and with another one.
      await refused(keys.temporary, keyInvalid);
      await refused({ ...keys.temporary, sessionToken: `${keys.token}x` }, keyInvalid);
      await refused({ sessionToken: keys.token }, keyInvalid);
      await refused({ clock: minutes(-16) }, credentialsInvalid);
      await refused({ clock: minutes(16) }, credentialsInvalid);
      await refused({ secret: 'wrong' }, signatureWrong);
      await refused({ ...keys.temporary, secret: 'wrong', sessionToken: keys.token }, signatureWrong);
    }
  });
});

describe("a viewer's or an operator's key does not do", () => {
  const above = (role: Role) => operations.filter(({ right }) => isBeyond(role, right));

  it.each(titled(above('viewer')))('%s (viewer)', (_, operation) => denied(operation, 'viewer'));
  it.each(titled(above('operator')))('%s (operator)', (_, operation) => denied(operation, 'operator'));

  async function denied(operation: Operation, role: Role): Promise<void> {
    const client = signing(operation, keys[role]);
    // Nor does it tell of a region or a body that is wrong.
    const path = pathOf(operation, { regionId: 'atlantis' });
    for (const more of [{}, operation.method === 'POST' ? { body: '{' } : {}]) {
      expectFault(await ask(client, operation, path, more), forbidden, operation.right ?? '');
    }
  }
});

describe('a region that is not configured', () => {
  it.each(titled(operations))('has no %s', async (_, operation) => {
    for (const regionId of ['atlantis', 'North', 'north%20']) {
      const answer = await ask(
        signing(operation),
        operation,
        pathOf(operation, { regionId: decodeURIComponent(regionId) }),
      );
      expectFault(answer, regionInvalid, decodeURIComponent(regionId));
    }
  });
});

describe('another service', () => {
  it.each(titled(operations))('does not do %s', async (_, operation) => {
    const path = pathOf(operation);
    const own = findOperations(operation.method, readPath(path));
    for (const service of [...Object.keys(services), 'rds', 'VM', 'toString']) {
      if (service === operation.service) continue;
      const answer = await ask(signing(operation, { service }), operation);
      if (own.has(service)) expect(answer.status).not.toBe(404);
      else expectFault(answer, apiNotFound);
    }
  });
});

/** What paths name, and one of each that never was. */
const neverThere: Readonly<Record<string, string>> = { imageId: 'img-0000000000', snapshotId: 'snapshot-0000000000' };

describe('what belongs to another account', () => {
  /** What operations need, or they would refuse a request before they look for what it is about. */
  function example(named: Readonly<Record<string, string>>) {
    const { imageId = '', snapshotId = '' } = named;
    return {
      sourceImageIds: [imageId],
      destinationRegion: 'south',
      name: 'other',
      description: 'other',
      pins: ['other-account'],
      roleName: 'role',
      ossUrl: 'https://images.s3.north.jdcloud-oss.com',
      platform: 'CentOS',
      architecture: 'x86_64',
      bootMode: 'bios',
      cloudDisks: [{ snapshotId, deviceName: 'vda' }],
    };
  }

  /** The same for those that have a query. */
  function exampleQuery({ service }: Operation, { imageId = '', snapshotId = '' }: Readonly<Record<string, string>>) {
    const filter = (number: number, name: string, value: string) => ({
      [`filters.${number}.name`]: name,
      [`filters.${number}.values.1`]: value,
    });
    return {
      imageSource: 'shared',
      type: 'snapshot',
      ids: [imageId],
      imageId,
      snapshotIds: [snapshotId],
      ...(service === 'disk' ? filter(1, 'snapshotId', snapshotId) : filter(1, 'resourceTypes', 'imageShare')),
    };
  }

  /** Without what is of the request itself, and what of it is repeated. */
  function said({ status, body }: JdcloudAnswer<unknown>, named: Readonly<Record<string, string>>): string {
    const text = JSON.stringify({ ...(body as object), requestId: '' });
    return Object.keys(neverThere).reduce((all, name) => all.replaceAll(named[name] ?? '', name), `${status} ${text}`);
  }

  async function asStranger(operation: Operation, named: Readonly<Record<string, string>>) {
    const more = operation.method === 'POST' ? { body: example(named) } : { query: exampleQuery(operation, named) };
    const answer = await ask(signing(operation, keys.stranger), operation, pathOf(operation, named), more);
    return said(answer, named);
  }

  it.each(titled(operations))('is as if it had never been: %s', async (_, operation) => {
    const answer = await asStranger(operation, things);
    expect(answer).toBe(await asStranger(operation, neverThere));
    expect(answer).not.toContain('of-walk');
    const isNamed = Object.keys(neverThere).some((name) => operation.route.includes(`{${name}}`));
    const asks = ['copyImages', 'describeQuotas'].includes(operation.name);
    if (isNamed || asks) expect(answer).toMatch(/^404 .* not found/);
    // Lists are empty, and not refused for what the example lacks.
    else if (operation.method === 'GET') expect(answer).toMatch(/^200 /);
  });
});
