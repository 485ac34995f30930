/** Every action, asked for by those who may not. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestAliyun, type TestAliyun } from '../../../test/support/aliyun-api.ts';
import type { AliyunClient, AliyunParameters } from '../../../test/support/aliyun-client.ts';
import { expectFault } from '../../../test/support/aliyun-faults.ts';
import { insertPlainImage } from '../../../test/support/plain-image.ts';
import { findImage } from '../../app/find-image.ts';
import { listEvents } from '../../app/list-events.ts';
import { shareImage } from '../../app/share-image.ts';
import { inTransaction } from '../../db/database.ts';
import { actions } from '../../domain/authorization.ts';
import type { Image } from '../../domain/image.ts';
import { commonFaults } from './common-faults.ts';
import { copyFaults } from './ecs/copy-faults.ts';
import type { Fault } from './fault.ts';
import { noPermission } from './kms/key-faults.ts';
import { services } from './operation.ts';
import { operations } from './operations.ts';
import { assumeRoleFaults } from './sts/assume-role.ts';

let aliyun: TestAliyun;
let viewer: AliyunClient;
let image: Image;
beforeAll(async () => {
  aliyun = await createTestAliyun();
  viewer = await aliyun.newClient('viewer');
  const { installation, caller } = aliyun;
  const { context } = installation;
  const wanted = { region: 'north', kind: 'system-disk', state: 'available' } as const;
  const id = await inTransaction(context.db, (trx) => insertPlainImage(trx, caller, wanted));
  const guest = await installation.newCaller();
  await shareImage(context, caller, id, guest.accountId, { accepted: true });
  image = await findImage(context, caller, id);
});
afterAll(() => aliyun.close());

const changing = [
  ...['AddTags', 'AssumeRole', 'CancelCopyImage', 'CancelKeyDeletion', 'CancelTask', 'CopyImage', 'CreateAlias'],
  ...['CreateImage', 'CreateKey', 'DeleteAlias', 'DeleteImage', 'DeleteSnapshot', 'DisableKey', 'EnableKey'],
  ...['ExportImage', 'ImportImage', 'ModifyImageAttribute', 'ModifyImageSharePermission', 'RemoveTags'],
  ...['ScheduleKeyDeletion', 'TagResources', 'UntagResources'],
];

const ownRows: Readonly<Record<string, Fault>> = {
  AssumeRole: assumeRoleFaults.noPermission,
  CopyImage: copyFaults.unauthorized,
};

async function lastEvent() {
  const { installation, caller } = aliyun;
  return (await listEvents(installation.context, caller, { limit: 1 })).events[0];
}

describe('a viewer', () => {
  it('is asked for more by whatever changes something, and by nothing else', () => {
    const refused = operations.filter(({ right }) => right !== null && actions[right].least !== 'viewer');
    expect(refused.map(({ action }) => action).sort()).toEqual(changing);
  });

  const requests = operations
    .filter(({ action }) => changing.includes(action))
    .flatMap((operation) => ['', 'true'].map((DryRun) => ({ ...operation, name: operation.action, DryRun })));
  it.each(requests)('is refused $name before anything else is said, DryRun=$DryRun', async (operation) => {
    const { action, service, right, deed = right, DryRun } = operation;
    const parameters = { RegionId: 'north', ImageId: image.aliyunId, DryRun };
    const answer = await viewer.call(action, parameters, { version: services[service].version });
    expectFault(answer, ownRows[action] ?? (service === 'kms' ? noPermission : commonFaults.forbidden));
    const origin = { protocol: 'aliyun', requestId: answer.body.RequestId };
    expect(await lastEvent()).toMatchObject({ type: deed, outcome: 'forbidden', region: 'north', origin });
  });

  it.each<[string, AliyunParameters]>([
    ['CopyImage', { Encrypted: true }],
    ['ModifyImageAttribute', { Status: 'Available' }],
    ['ModifyImageSharePermission', { IsPublic: 'nonsense' }],
    ['DeleteImage', { RegionId: 'east' }],
  ])('learns nothing from %s with %o', async (action, more) => {
    const answer = await viewer.call(action, { RegionId: 'north', ImageId: image.aliyunId, ...more });
    expectFault(answer, ownRows[action] ?? commonFaults.forbidden);
    expect(await lastEvent()).toMatchObject({ resource: { type: 'image', id: image.aliyunId } });
  });

  it('leaves an event that calls a key as its request did', async () => {
    const KeyId = '11111111-2222-4333-8444-555555555555';
    expectFault(await viewer.call('DisableKey', { KeyId }, { version: services.kms.version }), noPermission);
    expect(await lastEvent()).toMatchObject({ type: 'key.disable', resource: { type: 'key', id: KeyId } });
  });

  it('reads, and what that says of a request is no event', async () => {
    const before = await lastEvent();
    const { status } = await viewer.call('DescribeImages', { RegionId: 'north', DryRun: true });
    expect([status, (await lastEvent())?.id]).toEqual([400, before?.id]);
  });
});
