/**
 * Every row that can occur, of every operation: provoked by the test beside the operation (`Provocations`) or else here. What is
 * provoked nowhere fails.
 */
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeEncryptedImage, makeKey } from '../../../test/support/encrypted-image.ts';
import { rowsOf } from '../../../test/support/fault-tables.ts';
import { createTestHuawei, type TestHuawei } from '../../../test/support/huawei-api.ts';
import {
  createHuaweiClient,
  type HuaweiCallOptions,
  type HuaweiClient,
  type HuaweiClientOptions,
} from '../../../test/support/huawei-client.ts';
import { publishedCodes } from '../../../test/support/huawei-codes.ts';
import { expectFault, type Provocations } from '../../../test/support/huawei-faults.ts';
import { type KeyEnding, keyEndings } from '../../../test/support/key-endings.ts';
import { type ObjectServer, startObjectServer } from '../../../test/support/object-server.ts';
import { openObjectServer } from '../../../test/support/open-object-server.ts';
import { makePlainImage } from '../../../test/support/plain-image.ts';
import type { Caller } from '../../app/context.ts';
import { copyImages } from '../../app/copy-images.ts';
import { setQuotas } from '../../app/quotas.ts';
import { shareImage } from '../../app/share-image.ts';
import { createAccessKey } from '../../app/tenants/access-keys.ts';
import { createAgency } from '../../app/tenants/agencies.ts';
import { createSession } from '../../app/tenants/sessions.ts';
import { createUser } from '../../app/tenants/users.ts';
import { updateImage } from '../../app/update-image.ts';
import type { NewImage } from '../../db/new-images.ts';
import type { ObjectStore } from '../../objects/object-store.ts';
import { commonFaults } from './common-faults.ts';
import { huaweiCopyPolicies } from './copy-policy.ts';
import type { Fault, Faults, UnusedFault } from './fault.ts';
import { roleByName } from './iam/roles-data.ts';
import { toHexId } from './ids.ts';
import type { Operation } from './operation.ts';
import { operations } from './operations.ts';

const GiB = 1024 ** 3;

let server: ObjectServer;
let objects: ObjectStore;
let huawei: TestHuawei;
/** By what paths call them; images by what is with them. */
let things: Readonly<Record<string, string>>;
let clients: Readonly<Record<'poor' | 'visitor' | 'viewer', HuaweiClient>>;

beforeAll(async () => {
  server = await startObjectServer();
  for (const name of ['disk.raw', 'huge.raw']) server.buckets.get('images')?.set(name, Buffer.from('bytes'));
  const store = openObjectServer(server);
  objects = {
    ...store,
    // Nobody could keep so much in memory.
    async head(place, signal) {
      const facts = await store.head(place, signal);
      return place.object === 'huge.raw' ? { ...facts, size: 1024 * GiB + 1 } : facts;
    },
  };
  huawei = await createTestHuawei({ installation: { objects } });
  const { caller, installation } = huawei;
  const { context, newCaller } = installation;
  const friend = await newCaller();
  const newImage = async (changes: Partial<NewImage> = {}, of = caller) =>
    (await makePlainImage(context, of, changes)).id;
  const shareWith = async (of: Caller, id: string, other: Caller) =>
    await shareImage(context, of, id, other.accountName, { accepted: true });
  const copyBy = async (by: Caller, id: string) =>
    await copyImages(context, by, {
      policy: huaweiCopyPolicies.region,
      ...{ images: [id], sourceRegion: 'north', regions: ['north'], name: 'copy' },
    });
  const [own, lent, published] = [await newImage(), await newImage(), await newImage()];
  const [foreign, borrowed] = [await newImage({}, friend), await newImage({}, friend)];
  const tagged = await newImage({ tags: Object.fromEntries(manyTags.slice(1).map(({ key }) => [key, ''])) });
  await shareWith(caller, lent, friend);
  await copyBy(friend, lent);
  for (const id of [foreign, borrowed]) await shareWith(friend, id, caller);
  await copyBy(caller, borrowed);
  await updateImage(context, caller, published, { visibility: 'public' });
  const whole = await newImage({ kind: 'whole-machine' });
  for (let number = 0; number < 10; number += 1) await shareWith(caller, whole, await newCaller());

  const newKey = async (ended: KeyEnding) => {
    const { id } = await makeKey(installation, caller);
    await keyEndings[ended](context, caller, id);
    return id;
  };

  const grants = [{ role: 'operator' as const }];
  const fields = { description: '', grants, expiresAt: null };
  const { result: agency } = await createAgency(context, caller, { ...fields, name: 'agency', trustedAccount: null });
  const full = Array.from({ length: 100 }, (_, number) => ({ role: 'viewer' as const, title: `role ${number}` }));
  const { result: fullAgency } = await createAgency(context, caller, {
    ...{ ...fields, grants: full },
    name: 'full',
    trustedAccount: null,
  });
  const partner = { ...fields, name: 'partner', trustedAccount: caller.accountName };
  await createAgency(context, friend, partner);
  const { token: visitor } = await createSession(context, caller, {
    name: 'visit',
    agency: { account: friend.accountName, name: 'partner' },
  });
  const { result: user } = await createUser(context, caller, { name: 'holder', role: 'viewer' });
  for (let number = 0; number < 5; number += 1) await createAccessKey(context, caller, user.id, { description: '' });
  const { id: accessKey } = await createAccessKey(context, caller, caller.userId ?? '', { description: '' });

  const poor = await newCaller();
  await setQuotas(context, installation.operator, poor.accountId, 'north', { images: 0 });
  things = {
    project_id: await huawei.projectOf('north'),
    domain_id: toHexId(caller.accountId),
    image_id: own,
    agency_id: toHexId(agency.id),
    role_id: roleByName('ims_adm')?.id ?? '',
    access_key: accessKey,
    member_id: await huawei.projectOf('north', friend),
    own_project: await huawei.projectOf('north'),
    friend_domain: toHexId(friend.accountId),
    schema: 'image',
    key: 'key',
    ...{
      lent,
      foreign,
      borrowed,
      published,
      tagged,
      whole,
      sealed: (await makeEncryptedImage(installation, caller)).id,
      disabled_key: await newKey('disabled'),
      denied_key: await newKey('denied'),
      holder: toHexId(user.id),
      full_agency: toHexId(fullAgency.id),
    },
  };
  clients = {
    poor: await huawei.newClient('owner', { caller: poor }),
    viewer: await huawei.newClient('viewer'),
    visitor: createHuaweiClient({ url: huawei.url, form: 'token', token: visitor }),
  };
});
afterAll(async () => {
  await huawei.close();
  objects.close();
  await server.close();
});

/** What of an example is otherwise, so that it is refused. */
interface Case extends HuaweiCallOptions {
  /** Values of the path. */
  readonly path?: Readonly<Record<string, string>>;
  readonly by?: HuaweiClient;
}
type Cases = Readonly<Record<string, Case>>;

/** Operations whose tables have their provocations beside them. */
const besides: Readonly<Record<string, readonly string[]>> = {
  'eps/enterprise-projects.test.ts': ['CreateEnterpriseProject', 'OperateEnterpriseProject', 'UpdateEnterpriseProject'],
  'eps/resources.test.ts': ['MigrateResource', 'ShowResourceBindEnterpriseProject'],
  'kms/data-keys.test.ts': ['CreateDatakey', 'CreateDatakeyWithoutPlaintext', 'DecryptDatakey', 'EncryptDatakey'],
  'kms/keys.test.ts': [
    'CancelKeyDeletion',
    'CreateKey',
    'DeleteKey',
    'DisableKey',
    'EnableKey',
    'ListKeyDetail',
    'ListKeys',
    'ShowKeyRotationStatus',
    'ShowKmsTags',
  ],
  'ims/change-images.test.ts': ['UpdateImage', 'GlanceDeleteImage'],
  'ims/copy-image.test.ts': ['CopyImageInRegion'],
  'ims/create-image.test.ts': ['CreateImage'],
  'ims/cross-region-copy.test.ts': ['CopyImageCrossRegion'],
  'ims/export-image.test.ts': ['ExportImage', 'RegisterImage'],
  'ims/list-images.test.ts': ['ListImages'],
  'ims/members/members.test.ts': ['BatchAddMembers', 'BatchDeleteMembers', 'BatchUpdateMembers'],
  'glance/files.test.ts': ['GlanceUploadImage', 'GlanceDownloadImage'],
  'glance/images.test.ts': ['GlanceCreateImageMetadata', 'GlanceUpdateImage'],
  'glance/tags.test.ts': ['GlanceCreateTag', 'GlanceDeleteTag'],
  'iam/tokens.test.ts': ['KeystoneCreateUserTokenByPassword'],
  'iam/credentials/security-tokens.test.ts': ['CreateTemporaryAccessKeyByToken'],
};

it.each(Object.entries(besides))('%s provokes %j', async (file, names) => {
  const text = await readFile(new URL(file, import.meta.url), 'utf8');
  expect(text.match(/: Provocations<typeof \w+> =/g)?.length ?? 0).toBeGreaterThanOrEqual(names.length);
  const known = operations.map(({ name }) => name);
  expect(known).toEqual(expect.arrayContaining([...names]));
});

const nobody = '00000000000040008000000000000000';
const noImage = '00000000-0000-4000-8000-000000000000';

/** The same words are provoked in the same way wherever they occur, unless the operation says otherwise. */
function usual({ service }: Operation): Cases {
  const otherImage = { path: { image_id: noImage } };
  const shared = { path: { image_id: things['foreign'] ?? '' } };
  return {
    imageIdMalformed: { path: { image_id: 'golden' } },
    imageNotFound: otherImage,
    ownerOnly: shared,
    notFound: otherImage,
    forbidden: service === 'iam' ? { by: clients.visitor } : shared,
    agencyNotFound: { path: { agency_id: nobody } },
    roleNotFound: { path: { role_id: nobody } },
    projectNotFound: { path: { project_id: nobody } },
    keyNotFound: { path: { access_key: 'MKAAAAAAAAAAAAAAAAAA' } },
    userNotFound: { query: { user_id: nobody } },
    jobNotFound: { path: { job_id: nobody } },
    memberNotFound: { path: { member_id: nobody } },
    tokenNotFound: { headers: { 'x-subject-token': 'none' } },
  };
}

function newImageCases(valid: Readonly<Record<string, unknown>>): Cases {
  const body = (change: object): Case => ({ body: { ...valid, ...change } });
  return {
    nameMissing: body({ name: '' }),
    nameTooLong: body({ name: 'x'.repeat(129) }),
    nameMalformed: body({ name: 'a/b' }),
    descriptionTooLong: body({ description: 'x'.repeat(1025) }),
    descriptionMalformed: body({ description: '<b>' }),
    sizeInvalid: body({ min_disk: 0, min_ram: -1 }),
    tagInvalid: body({ tags: ['a', 'a'] }),
    tagQuota: body({ tags: Array.from({ length: 11 }, (_, number) => `key-${number}`) }),
    enterpriseProjectInvalid: body({ enterprise_project_id: 'none' }),
    urlMalformed: body({ image_url: 'disk.raw' }),
    bucketMissing: body({ image_url: ':disk.raw' }),
    bucketMalformed: body({ image_url: 'Images:disk.raw' }),
    bucketDenied: body({ image_url: 'elsewhere:disk.raw' }),
    objectTooLong: body({ image_url: `images:${'x'.repeat(1025)}` }),
    objectSpaces: body({ image_url: 'images:a b' }),
    objectMalformed: body({ image_url: 'images:../x' }),
    objectNotFound: body({ image_url: 'images:gone' }),
    objectTooLarge: body({ image_url: 'images:huge.raw' }),
    formatUnsupported: body({ image_url: 'images:disk.zvhd2' }),
    keyNotFound: body({ cmk_id: randomUUID() }),
    keyDisabled: body({ cmk_id: things['disabled_key'] }),
    keyDenied: body({ cmk_id: things['denied_key'] }),
    isBareMetal: body({ cmk_id: randomUUID(), type: 'BMS' }),
    imageQuota: { ...body({}), by: clients.poor },
    osTypeInvalid: body({ os_type: 'BeOS' }),
    osVersionInvalid: body({ os_version: ' CentOS' }),
    firmwareInvalid: body({ hw_firmware_type: 'coreboot' }),
    architectureInvalid: body({ architecture: 'vax' }),
    imageTypeInvalid: body({ type: 'Pizza' }),
    notQuick: body({ image_url: 'images:disk.qcow2' }),
    osVersionMissing: body({ os_version: undefined }),
    serverNotFound: body({ instance_id: randomUUID() }),
    sourceMissing: body({}),
    backupNotFound: body({ backup_id: randomUUID() }),
    cbrBackupNotFound: body({ backup_id: randomUUID(), whole_image_type: 'CBR' }),
  };
}

const longTag = { key: 'x'.repeat(37), value: '' };
const manyTags = Array.from({ length: 11 }, (_, number) => ({ key: `key-${number}`, value: '' }));

/** What an operation needs so that nothing but the case is wrong with a request, and cases of its own. */
function ofOperation(name: string): Case & { readonly cases?: Cases } {
  const { image_id, member_id: member = '', foreign = '', domain_id, holder, full_agency: full = '' } = things;
  const {
    borrowed = '',
    lent = '',
    published = '',
    tagged = '',
    whole = '',
    sealed = '',
    own_project: own = '',
  } = things;
  const tag = { key: 'key', value: 'value' };
  const quick = { name: 'quick', image_url: 'images:disk.raw', min_disk: 40, os_version: 'CentOS 7.3 64bit' };
  const data = { name: 'data', image_url: 'images:disk.raw', min_disk: 40 };
  const agency = (change: object): Case => ({
    body: { agency: { name: 'other', domain_id, trust_domain_name: 'op_svc_ims', ...change } },
  });
  const tooMany = { malformed: { path: { agency_id: full } } };
  const known: Readonly<Record<string, Case & { readonly cases?: Cases }>> = {
    AddImageTag: {
      body: { tag },
      cases: { tagInvalid: { body: { tag: longTag } }, tagQuota: { path: { image_id: tagged } } },
    },
    BatchAddOrDeleteTags: {
      body: { action: 'create', tags: [tag] },
      cases: {
        tagInvalid: { body: { action: 'create', tags: [longTag] } },
        tagQuota: { body: { action: 'create', tags: manyTags } },
      },
    },
    BatchDeleteTags: {
      body: { tags: [tag] },
      cases: { tagInvalid: { body: { tags: [{ key: '' }] } }, tagQuota: { body: { tags: manyTags } } },
    },
    CreateOrUpdateTags: {
      cases: {
        imageIdMalformed: { body: { image_id: 'golden', image_tag: tag } },
        imageNotFound: { body: { image_id: noImage, image_tag: tag } },
        ownerOnly: { body: { image_id: foreign, image_tag: tag } },
        tagInvalid: { body: { image_id, image_tag: longTag } },
        tagQuota: { body: { image_id: tagged, image_tag: tag } },
      },
    },
    DeleteImageTag: { cases: { tagNotFound: { path: { key: 'none' } } } },
    ListImageByTags: { cases: { tagInvalid: { body: { action: 'filter', tags: [{ values: ['a'] }] } } } },
    ListTags: {
      cases: {
        imageTypeUnknown: { query: { __imagetype: 'x' } },
        parameterInvalid: { query: { limit: 'x' } },
        tooManyTags: { query: { tag: Array.from({ length: 21 }, (_, number) => `key-${number}`) } },
      },
    },
    ListOsVersions: { cases: { tagInvalid: { query: { tag: '\0' } } } },
    CreateDataImage: { cases: newImageCases(data) },
    ImportImageQuick: { cases: newImageCases(quick) },
    CreateWholeImage: { cases: newImageCases({ name: 'whole' }) },

    GlanceAddImageMember: {
      body: { member },
      cases: {
        malformed: { body: {} },
        publicImage: { path: { image_id: published } },
        conflict: { path: { image_id: sealed } },
        tooMany: { path: { image_id: whole } },
      },
    },
    GlanceDeleteImageMember: { cases: { conflict: { path: { image_id: lent } } } },
    GlanceUpdateImageMember: {
      path: { member_id: own, image_id: foreign },
      body: { status: 'accepted' },
      cases: {
        malformed: { body: { status: 'perhaps' } },
        forbidden: { path: { image_id: image_id ?? '' } },
        conflict: { path: { image_id: borrowed }, body: { status: 'rejected' } },
      },
    },
    GlanceListImages: { cases: { invalid: { query: { limit: 'x' } } } },
    GlanceShowSchema: { cases: { notFound: { path: { schema: 'none' } } } },

    ListEnterpriseProject: {
      cases: {
        badRequest: { query: { status: 'x' } },
        limitInvalid: { query: { limit: 'x' } },
        offsetInvalid: { query: { offset: 'x' } },
      },
    },

    KeystoneCheckToken: { cases: { malformed: {} } },
    KeystoneValidateToken: { cases: { malformed: {} } },
    KeystoneRevokeToken: { cases: { malformed: {} } },
    KeystoneShowProject: {
      cases: { notFound: { path: { project_id: 'north' } }, denied: { path: { project_id: nobody } } },
    },
    KeystoneShowRegion: { cases: { notFound: { path: { region_id: 'atlantis' } } } },
    KeystoneShowPermission: { cases: { notFound: { path: { role_id: nobody } } } },
    KeystoneListProjects: {
      cases: { invalid: { query: { enabled: 'perhaps' } }, forbidden: { query: { domain_id: nobody } } },
    },
    KeystoneListPermissions: {
      cases: { invalid: { query: { page: 'x' } }, forbidden: { query: { domain_id: nobody } } },
    },
    CreateAgency: {
      ...agency({}),
      cases: {
        malformed: agency({ name: 7 }),
        missing: agency({ name: undefined }),
        trustNotFound: agency({ trust_domain_name: 'nobody' }),
        nameTaken: agency({ name: 'agency' }),
      },
    },
    UpdateAgency: {
      body: { agency: { description: 'changed' } },
      cases: {
        malformed: { body: { agency: {} } },
        missing: { body: {} },
        trustNotFound: { body: { agency: { trust_domain_name: 'nobody' } } },
      },
    },
    ListAgencies: { cases: { malformed: { query: { page: 'x' } } } },
    AssociateAgencyWithProjectPermission: { cases: tooMany },
    AssociateAgencyWithDomainPermission: { cases: tooMany },
    AssociateAgencyWithAllProjectsPermission: { cases: tooMany },
    CreatePermanentAccessKey: {
      body: { credential: { user_id: holder } },
      cases: {
        malformed: { body: {} },
        tooMany: {},
        userNotFound: { body: { credential: { user_id: nobody } } },
      },
    },
    UpdatePermanentAccessKey: {
      body: { credential: { status: 'active' } },
      cases: { malformed: { body: {} } },
    },
  };
  return known[name] ?? {};
}

type Row = readonly [title: string, row: { operation: Operation; name: string; fault: Fault }];

const common: ReadonlySet<Fault | UnusedFault> = new Set(Object.values(commonFaults as Faults));

function rows({ faults }: Operation): [string, Fault][] {
  const occurring = Object.entries(faults).filter((entry): entry is [string, Fault] => 'when' in entry[1]);
  return occurring.filter(([, fault]) => !common.has(fault));
}

const provokedBesides = new Set(Object.values(besides).flat());
const left: Row[] = operations
  .filter(({ name }) => !provokedBesides.has(name))
  .flatMap((operation) =>
    rows(operation).map(([name, fault]): Row => [`${operation.name}: ${name}`, { operation, name, fault }]),
  );

it.each(left)('%s', async (_, { operation, name, fault }) => {
  const { cases = {}, ...example } = ofOperation(operation.name);
  const wrong = cases[name] ?? usual(operation)[name];
  if (wrong === undefined) throw new Error('nothing provokes it');
  const { path = {}, by = huawei.client, ...options } = { ...example, ...wrong };
  const values = { ...things, ...example.path, ...path };
  const url = operation.route.replaceAll(/\{(\w+)\}/g, (_all, part: string) => values[part] ?? 'made');
  const answer = await by.call(operation.method, url, options);
  if (operation.method === 'HEAD') expect(answer.status).toBe(fault.status);
  else expectFault(answer, fault, { service: operation.service });
});

describe('what every operation can meet', () => {
  const quota = '/v1/cloudimages/quota';
  const copies = `/v1/cloudimages/${noImage}/copy`;
  const signing = (change: Partial<HuaweiClientOptions>) =>
    createHuaweiClient({ url: huawei.url, form: 'huawei', ...huawei.key, ...change });
  const ask = async (client: HuaweiClient) => await client.call('GET', quota);
  const bearer = (token?: string) =>
    createHuaweiClient({ url: huawei.url, form: 'token', ...(token !== undefined && { token }) });

  const provocations: Provocations<typeof commonFaults> = {
    apiNotFound: () => huawei.client.call('GET', '/v1/servers'),
    backendNotFound: () => ask(signing({ host: 'ims.atlantis.example.test' })),
    badRequest: () => huawei.client.send({ method: 'GET', path: '/v1/%zz', headers: {}, body: undefined }),
    tooLarge: () => huawei.client.call('POST', copies, { body: 'x'.repeat(256 * 1024 + 1) }),
    tokenMissing: () => ask(bearer()),
    tokenInvalid: () => ask(bearer('none')),
    signatureMalformed: () => bearer().call('GET', quota, { headers: { authorization: 'Basic eA==' } }),
    keyNotFound: () => ask(signing({ accessKeyId: 'MKNONE' })),
    signatureExpired: () => ask(signing({ clock: () => 0 })),
    async signatureWrong() {
      return await ask(signing({ ...(await huawei.newKey()), secret: 'wrong' }));
    },
    async keyLocked() {
      const wrong = signing({ ...(await huawei.newKey()), secret: 'wrong' });
      for (let failures = 0; failures < 6; failures += 1) await ask(wrong);
      return await ask(wrong);
    },
    projectDenied: () => ask(signing({ projectId: nobody })),
    async throttled() {
      const strict = await createTestHuawei({ on: huawei.installation, limits: { requestsPerMinute: 1 } });
      await ask(strict.client);
      const answer = await ask(strict.client);
      await strict.close();
      return answer;
    },
    async internal() {
      const { schema } = huawei.installation.context.db;
      await schema.alterTable('receipts').renameTo('lost').execute();
      const answer = await huawei.client.call('GET', `/v1/cloudimages/job/${nobody}`);
      await schema.alterTable('lost').renameTo('receipts').execute();
      return answer;
    },
    async unavailable() {
      server.intervene = () => ({ status: 500 });
      const body = { name: 'data', image_url: 'images:disk.raw', min_disk: 40 };
      const answer = await huawei.client.call('POST', '/v1/cloudimages/dataimages/action', { body });
      server.intervene = () => undefined;
      return answer;
    },
    bodyInvalid: () => huawei.client.call('POST', copies, { body: '[]' }),
    bodyEmpty: () => huawei.client.call('POST', copies),
    forbidden: () => clients.viewer.call('POST', copies, { body: {} }),
    projectInvalid: () => huawei.client.call('GET', `/v1/${nobody}/jobs/${nobody}`),
  };

  it.each(rowsOf(commonFaults, provocations))('$name', async ({ provoke, fault }) => {
    expectFault(await provoke(huawei), fault, { service: 'ims' });
  });

  it('tells nothing of what failed here', async () => {
    expect((await provocations.internal(huawei)).bytes.toString()).not.toMatch(/receipts|relation|select/i);
  });

  it('has the status of the site', async () => {
    const otc = await createTestHuawei({ on: huawei.installation, settings: { site: 'otc' } });
    const viewer = await otc.newClient('viewer');
    const answer = await viewer.call('POST', copies, { body: {} });
    expectFault(answer, commonFaults.forbidden, { service: 'ims', site: 'otc' });
    expect(answer.status).toBe(403);
    await otc.close();
  });
});

describe('a row', () => {
  const tables: readonly Faults[] = [commonFaults, ...operations.map(({ faults }) => faults)];
  const all = new Set(tables.flatMap((table) => Object.values(table)));
  const ofImages = [...all].filter(({ code }) => code.startsWith('IMG.'));

  it('of a code of the reference has its message', () => {
    const other = ofImages.filter(({ code, message }) => (publishedCodes[code] ?? message) !== message);
    expect(other.map(({ code, message }) => [code, message])).toEqual([]);
    const met = new Set(ofImages.map(({ code }) => code));
    expect(Object.keys(publishedCodes).filter((code) => !met.has(code))).toEqual([]);
  });

  it('says what provokes it, or why nothing can', () => {
    for (const fault of all) expect('when' in fault ? fault.when : fault.never).toMatch(/^\S.{4,}[^.\s]$/s);
  });
});
