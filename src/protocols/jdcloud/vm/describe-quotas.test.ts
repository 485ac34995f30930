import { afterAll, beforeAll, expect, it } from 'vitest';
import { rowsOf } from '../../../../test/support/fault-tables.ts';
import { createTestJdcloud, type TestJdcloud } from '../../../../test/support/jdcloud-api.ts';
import type { JdcloudCallOptions, JdcloudClient } from '../../../../test/support/jdcloud-client.ts';
import { expectFault, type Provocations } from '../../../../test/support/jdcloud-faults.ts';
import { makePlainImage } from '../../../../test/support/plain-image.ts';
import type { Caller } from '../../../app/context.ts';
import { setQuotas } from '../../../app/quotas.ts';
import { shareImage } from '../../../app/share-image.ts';
import type { Image } from '../../../domain/image.ts';
import { commonFaults } from '../common-faults.ts';
import { describeQuotasFaults } from './describe-quotas.ts';

let jdcloud: TestJdcloud;
let viewer: JdcloudClient;
let image: Image;
/** Shared with the caller. */
let foreign: Image;
beforeAll(async () => {
  jdcloud = await createTestJdcloud();
  viewer = await jdcloud.newClient('viewer');
  const { context, newCaller } = jdcloud.installation;
  const { caller } = jdcloud;
  const stranger = await newCaller();
  image = await makePlainImage(context, caller);
  await makePlainImage(context, caller, { state: 'queued' });
  await share(caller, image, stranger);
  foreign = await makePlainImage(context, stranger);
  await share(stranger, foreign, caller);
});
afterAll(() => jdcloud.close());

async function share(owner: Caller, { id }: Image, member: Caller): Promise<void> {
  await shareImage(jdcloud.installation.context, owner, id, member.accountName, { accepted: true });
}

type Query = JdcloudCallOptions['query'];

async function ask(query: Query = {}, region = 'north') {
  return await viewer.call('GET', `/v1/regions/${region}/quotas`, { query });
}

function ofTypes(...types: string[]): Query {
  return { 'filters.1.name': 'resourceTypes', 'filters.1.values': types };
}

it('shows what is asked for in the order that it is asked for', async () => {
  const { context, operator } = jdcloud.installation;
  await setQuotas(context, operator, jdcloud.caller.accountId, 'north', { images: 20 });
  const answer = await ask(ofTypes('keypair', 'image', 'instance', 'image'));
  expect(answer).toMatchObject({ status: 200, body: { requestId: answer.headers['x-jdcloud-request-id'] } });
  expect(answer.body.result).toEqual({
    quotas: [
      { resourceType: 'keypair', limit: 0, used: 0 },
      { resourceType: 'image', limit: 20, used: 2 },
      { resourceType: 'instance', limit: 0, used: 0 },
    ],
  });
  const elsewhere = await ask(ofTypes('image'), 'south');
  expect(elsewhere.body.result.quotas).toMatchObject([{ resourceType: 'image', used: 0 }]);
});

it('shows all of them where nothing is asked for, those of an image with the image', async () => {
  const { body } = await ask();
  const types = body.result.quotas.map(({ resourceType }: { resourceType: string }) => resourceType);
  expect(types).toEqual([
    ...['instance', 'instance_cpu', 'instance_memory', 'instance_local_disk'],
    ...['keypair', 'image', 'instanceTemplate'],
  ]);
  const withImage = await ask({ imageId: image.jdcloudId });
  expect(withImage.body.result.quotas).toHaveLength(8);
});

it.each<[string, (id: string) => Query]>([
  ['a parameter', (imageId) => ({ ...ofTypes('imageShare'), imageId })],
  [
    'a filter',
    (imageId) => ({
      ...ofTypes('imageShare'),
      'filters.2.name': 'imageId',
      'filters.2.operator': 'eq',
      'filters.2.values.1': imageId,
    }),
  ],
])('counts the accounts that an image is shared with, which is told by %s', async (_way, queryOf) => {
  const { body } = await ask(queryOf(image.jdcloudId));
  expect(body.result).toEqual({ quotas: [{ resourceType: 'imageShare', limit: 20, used: 1 }] });
});

const provocations: Provocations<typeof describeQuotasFaults> = {
  imageIdMissing: () => ask(ofTypes('image', 'imageShare')),
  imageNotFound: () => ask({ ...ofTypes('imageShare'), imageId: image.jdcloudId }, 'south'),
  notUsable: () => ask({ ...ofTypes('imageShare'), imageId: foreign.jdcloudId }),
};

it.each(rowsOf(describeQuotasFaults, provocations))('says what its table says: $name', async ({ fault, provoke }) => {
  expectFault(await provoke(jdcloud), fault);
});

it('finds no image by another id than of its own kind', async () => {
  const byUuid = await ask({ ...ofTypes('imageShare'), imageId: image.id });
  expectFault(byUuid, describeQuotasFaults.imageNotFound, image.id);
});

const { outOfRange, parameterInvalid, parameterMissing } = commonFaults;

it.each<[string, Query, Parameters<typeof expectFault>[1], string]>([
  ['an unknown type', ofTypes('image', 'snapshot'), parameterInvalid, 'resourceTypes'],
  ['an empty type', ofTypes(''), parameterInvalid, 'resourceTypes'],
  ['an unknown name', { 'filters.1.name': 'type', 'filters.1.values.1': 'image' }, parameterInvalid, 'filters.name'],
  ['no name', { 'filters.1.values.1': 'image' }, parameterMissing, 'filters.name'],
  ['no values', { 'filters.1.name': 'resourceTypes' }, parameterMissing, 'filters.values'],
  ['like', { ...ofTypes('image'), 'filters.1.operator': 'like' }, parameterInvalid, 'filters.operator'],
  [
    'more filters than there are',
    { ...ofTypes('image'), 'filters.2.name': 'imageId', 'filters.3.name': 'imageId' },
    outOfRange,
    'filters',
  ],
  ['another operator', { ...ofTypes('image'), 'filters.1.operator': 'ne' }, parameterInvalid, 'filters.operator'],
  [
    'a filter twice',
    { ...ofTypes('image'), 'filters.2.name': 'resourceTypes', 'filters.2.values.1': 'image' },
    parameterInvalid,
    'filters.name',
  ],
  ['a filter without a number', { 'filters.name': 'resourceTypes' }, parameterInvalid, 'filters'],
  [
    'two images',
    { 'filters.1.name': 'imageId', 'filters.1.values.1': 'img-0000000000', 'filters.1.values.2': 'img-1111111111' },
    parameterInvalid,
    'imageId',
  ],
])('refuses %s', async (_what, query, fault, about) => {
  expectFault(await ask(query), fault, about);
});
