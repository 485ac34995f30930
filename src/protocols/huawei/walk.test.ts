/** Every path of every operation, asked for by those who may not. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestHuawei, type TestHuawei } from '../../../test/support/huawei-api.ts';
import {
  createHuaweiClient,
  type HuaweiAnswer,
  type HuaweiCallOptions,
  type HuaweiClient,
  type HuaweiClientOptions,
  type HuaweiForm,
} from '../../../test/support/huawei-client.ts';
import { expectFault, type Saying } from '../../../test/support/huawei-faults.ts';
import { makePlainImage } from '../../../test/support/plain-image.ts';
import { isBeyond, makeWalkKeys, type WalkKeys } from '../../../test/support/walk.ts';
import type { Caller } from '../../app/context.ts';
import { copyImages } from '../../app/copy-images.ts';
import { createKey } from '../../app/keys/create-key.ts';
import { createAccessKey, updateAccessKey } from '../../app/tenants/access-keys.ts';
import { createAgency } from '../../app/tenants/agencies.ts';
import { createResourceGroup } from '../../app/tenants/resource-groups.ts';
import { createSession, deleteSession } from '../../app/tenants/sessions.ts';
import { createUser } from '../../app/tenants/users.ts';
import { commonFaults } from './common-faults.ts';
import { huaweiCopyPolicies } from './copy-policy.ts';
import { epsFaults } from './eps-faults.ts';
import type { Fault } from './fault.ts';
import { roleByName } from './iam/roles-data.ts';
import { fromHexId, toHexId } from './ids.ts';
import { kmsFaults } from './kms-faults.ts';
import { accountWide, type Operation, type ServiceName } from './operation.ts';
import { operations } from './operations.ts';
import { plainFaults } from './plain-faults.ts';

let huawei: TestHuawei;
let stranger: Caller;
/** Things of the caller's account, by what paths call them. */
let things: Readonly<Record<string, string>>;
/** What of the account nobody else is to see, with all that ends with `-of-walk`. */
let own: readonly string[];
let tokens: Readonly<Record<'north' | 'south' | 'ended' | 'expired' | 'disabled' | 'stranger', string>>;
let keys: WalkKeys;

beforeAll(async () => {
  huawei = await createTestHuawei();
  const { caller, installation } = huawei;
  const { context } = installation;
  stranger = await installation.newCaller();
  const image = await makePlainImage(context, caller, {
    name: 'image-of-walk',
    description: 'description-of-walk',
    tags: { walked: 'value-of-walk' },
    properties: { __walk: 'property-of-walk' },
  });
  const copied = await makePlainImage(context, caller);
  const { copies } = await copyImages(context, caller, {
    policy: huaweiCopyPolicies.region,
    images: [copied.id],
    sourceRegion: 'north',
    regions: ['north'],
    name: 'copy-of-walk',
  });
  const { result: agency } = await createAgency(context, caller, {
    name: 'agency-of-walk',
    description: '',
    trustedAccount: null,
    grants: [{ role: 'operator' }],
    expiresAt: null,
  });
  const { result: group } = await createResourceGroup(context, caller, { name: 'group-of-walk', description: '' });
  const { result: user } = await createUser(context, caller, { name: 'user-of-walk', role: 'viewer' });
  const { id: accessKey } = await createAccessKey(context, caller, user.id, { description: 'access-key-of-walk' });
  const { result: key } = await createKey(
    context,
    caller,
    { region: 'north', origin: 'mimeo', description: 'key-of-walk', alias: 'alias-of-walk' },
    { signal: new AbortController().signal },
  );
  things = {
    project_id: await huawei.projectOf('north'),
    domain_id: toHexId(caller.accountId),
    image_id: image.id,
    job_id: toHexId(copies[0]?.id ?? ''),
    agency_id: toHexId(agency.id),
    enterprise_project_id: group.id,
    access_key: accessKey,
    key: 'walked',
    tag: 'walked',
    member_id: await huawei.projectOf('north', stranger),
    region_id: 'north',
    key_id: key.id,
    role_id: roleByName('ims_adm')?.id ?? '',
  };
  own = [
    caller.accountName,
    copied.id,
    user.id,
    toHexId(user.id),
    copies[0]?.destinationImageId ?? '',
    accessKey,
    key.id,
  ];

  const newSession = (command: object = {}) => createSession(context, caller, { name: 'walk', ...command });
  const [ended, expired] = [await newSession(), await newSession()];
  await deleteSession(context, caller, ended.id);
  await context.db.updateTable('sessions').set({ expires_at: Date.now() }).where('id', '=', expired.id).execute();
  keys = await makeWalkKeys(huawei, stranger);
  const keyOfSession = await huawei.newKey();
  const disabled = await createSession(context, { ...caller, accessKeyId: keyOfSession.accessKeyId }, { name: 'walk' });
  await updateAccessKey(context, caller, keyOfSession.accessKeyId, { disabled: true });
  tokens = {
    north: await huawei.newToken('north'),
    south: await huawei.newToken('south'),
    ended: ended.token,
    expired: expired.token,
    disabled: disabled.token,
    stranger: await huawei.newToken('north', stranger),
  };
});
afterAll(() => huawei.close());

interface Walked {
  readonly operation: Operation;
  /** One of its paths, as descriptors write them. */
  readonly route: string;
}

const all: readonly Walked[] = operations.flatMap((operation) =>
  [operation.route, ...(operation.twins ?? [])].map((route) => ({ operation, route })),
);
const guarded = all.filter(({ operation }) => operation.right !== 'open');

function titled(walked: readonly Walked[]) {
  return walked.map((each) => [`${each.operation.method} ${each.route}`, each] as const);
}

function pathOf({ route }: Walked, changes: Readonly<Record<string, string>> = {}): string {
  return route.replaceAll(/\{(\w+)\}/g, (_, name: string) => changes[name] ?? things[name] ?? 'made');
}

function ask(to: HuaweiClient, walked: Walked, options: HuaweiCallOptions & { readonly path?: string } = {}) {
  const { method, takesBytes } = walked.operation;
  const { path = pathOf(walked), ...more } = options;
  const hasBody = !takesBytes && ['POST', 'PUT', 'PATCH'].includes(method);
  return to.call(method, path, { ...(hasBody && { body: {} }), ...more });
}

function signing(form: HuaweiForm, change: Partial<HuaweiClientOptions> = {}): HuaweiClient {
  return createHuaweiClient({ url: huawei.url, form, ...huawei.key, ...change });
}

function bearing(token: string, change: Partial<HuaweiClientOptions> = {}): HuaweiClient {
  return createHuaweiClient({ url: huawei.url, form: 'token', token, ...change });
}

function nobody(): HuaweiClient {
  return createHuaweiClient({ url: huawei.url, form: 'token' });
}

/** That it says this and nothing else; HEAD says its status. */
function expectRefusal(
  answer: HuaweiAnswer<unknown>,
  { operation }: Walked,
  fault: Fault,
  saying: Partial<Saying> = {},
) {
  if (operation.method === 'HEAD') expect(answer).toMatchObject({ status: fault.status, body: '' });
  else expectFault(answer, fault, { service: operation.service, ...saying });
}

const { keyNotFound, projectDenied, signatureExpired, signatureMalformed } = commonFaults;
const { backendNotFound, forbidden, signatureWrong, tokenInvalid, tokenMissing } = commonFaults;

/** What is said of a path's project that is not the caller's. */
function strangeProject({ operation: { service } }: Walked): Fault {
  return service === 'kms' ? kmsFaults.projectInvalid : commonFaults.projectInvalid;
}

describe('without credentials, or with wrong ones, nothing is said but that', () => {
  const minutes = (count: number) => () => Date.now() + count * 60_000;
  const forms = ['huawei', 'otc'] as const;

  it.each(titled(guarded))('%s', async (_, walked) => {
    const refused = async (to: HuaweiClient, fault: Fault, about = '', options: HuaweiCallOptions = {}) =>
      expectRefusal(await ask(to, walked, options), walked, fault, { about });

    await refused(nobody(), tokenMissing);
    for (const token of ['', 'MIIC', tokens.ended, tokens.expired, tokens.disabled, `${tokens.north}x`]) {
      await refused(bearing(token), tokenInvalid);
    }
    const authorization = `Bearer ${tokens.north}`;
    await refused(nobody(), signatureMalformed, 'Authorization is not SDK-HMAC-SHA256', {
      headers: { authorization },
    });
    for (const form of forms) {
      const { accessKeyId } = keys.disabled;
      await refused(signing(form, keys.disabled), keyNotFound, accessKeyId);
      await refused(signing(form, { accessKeyId: 'MKAAAAAAAAAAAAAAAAAA' }), keyNotFound, 'MKAAAAAAAAAAAAAAAAAA');
      // Temporary, without its token and with another one.
      await refused(signing(form, keys.temporary), keyNotFound, keys.temporary.accessKeyId);
      const other = { ...keys.temporary, securityToken: tokens.north };
      await refused(signing(form, other), keyNotFound, keys.temporary.accessKeyId);
      for (const off of [-16, 16]) {
        const late = await ask(signing(form, { clock: minutes(off) }), walked);
        expectRefusal(late, walked, signatureExpired);
      }
      // A token does not mend it.
      const wrong = await ask(signing(form, { secret: 'wrong' }), walked, {
        headers: { 'x-auth-token': tokens.north },
      });
      expectRefusal(wrong, walked, signatureWrong);
    }
    // Were the right secret refused as well, all of this would say nothing; and the key would be locked soon.
    const { service } = walked.operation;
    const elsewhere = accountWide.has(service)
      ? { domainId: toHexId(stranger.accountId) }
      : { projectId: things['member_id'] };
    for (const form of forms) {
      const answer = await ask(signing(form, elsewhere as Partial<HuaweiClientOptions>), walked);
      const hasProject = !accountWide.has(service) && walked.route.includes('{project_id}');
      expectRefusal(answer, walked, hasProject ? strangeProject(walked) : projectDenied);
    }
  });
});

const denials: Readonly<Record<ServiceName, Fault>> = {
  ims: forbidden,
  glance: plainFaults[403],
  iam: plainFaults[403],
  eps: epsFaults.forbidden,
  kms: kmsFaults.forbidden,
};

describe.each(['viewer', 'operator'] as const)("an %s's key does not do", (role) => {
  const above = guarded.filter(({ operation: { right } }) => right !== 'open' && isBeyond(role, right));
  it.each(titled(above))('%s', async (_, walked) => {
    const { service } = walked.operation;
    // Nor does it tell of a project or a body that is wrong.
    const client = signing('huawei', { ...keys[role], projectId: 'elsewhere', domainId: 'elsewhere' });
    const answer = await ask(client, walked, { body: walked.operation.takesBytes ? undefined : 'no JSON' });
    expectRefusal(answer, walked, denials[service]);
  });
});

const inRegions = guarded.filter(({ operation }) => !accountWide.has(operation.service));

describe('what is about a project is not done with', () => {
  const inProjects = inRegions.filter(({ route }) => route.includes('{project_id}'));
  const south = () => signing('huawei', { host: 'ims.south.example.test' });

  it.each(titled(inRegions))('a token of another region: %s', async (_, walked) => {
    const fault = inProjects.includes(walked) ? strangeProject(walked) : projectDenied;
    for (const host of ['ims.south.example.test', 'ims.south.example.test:8443']) {
      expectRefusal(await ask(bearing(tokens.north, { host }), walked), walked, fault);
    }
    const nowhere = await ask(bearing(tokens.north, { host: 'ims.atlantis.example.test' }), walked);
    expectRefusal(nowhere, walked, backendNotFound);
  });

  it.each(titled(inProjects))('a project that is not that of the path: %s', async (_, walked) => {
    const others = [await huawei.projectOf('south'), things['member_id'] ?? '', 'north', 'x'.repeat(32)];
    for (const projectId of others) {
      const ofHeader = await ask(signing('huawei', { projectId }), walked);
      expectRefusal(ofHeader, walked, /^[0-9a-f]{32}$/.test(projectId) ? strangeProject(walked) : projectDenied);
      const path = pathOf(walked, { project_id: projectId });
      expectRefusal(await ask(bearing(tokens.north), walked, { path }), walked, strangeProject(walked));
      if (projectId !== others[0]) {
        expectRefusal(await ask(huawei.client, walked, { path }), walked, strangeProject(walked));
      }
    }
    expectRefusal(await ask(south(), walked), walked, strangeProject(walked));
  });
});

/** What paths name of an account's things, and one of each that never was. */
const neverThere: Readonly<Record<string, string>> = {
  image_id: '00000000-0000-4000-8000-000000000000',
  job_id: '00000000000040008000000000000000',
  agency_id: '00000000000040008000000000000001',
  enterprise_project_id: '00000000-0000-4000-8000-000000000002',
  access_key: 'MK000000000000000000',
  key_id: '00000000-0000-4000-8000-000000000003',
};

describe('what belongs to another account', () => {
  const ownPlace = () => ({ project_id: things['member_id'] ?? '', domain_id: toHexId(stranger.accountId) });

  async function asStranger(walked: Walked, changes: Readonly<Record<string, string>> = {}) {
    const path = pathOf(walked, { ...ownPlace(), ...changes });
    const options = examples()[walked.operation.name] ?? {};
    return await ask(signing('huawei', keys.stranger), walked, { path, ...options });
  }

  /** Without what is of the request itself, and what of the path it repeats. */
  function said({ status, bytes }: HuaweiAnswer<unknown>, named: Readonly<Record<string, string>>): string {
    let text = `${status} ${bytes}`.replace(/"request_id":"\w+"/, '');
    for (const name of Object.keys(neverThere)) {
      const id = named[name] ?? '';
      for (const form of [id, fromHexId(id) ?? id]) text = text.replaceAll(form, name);
    }
    return text;
  }

  const withThings = guarded.filter(({ route }) => Object.keys(neverThere).some((name) => route.includes(`{${name}}`)));
  it.each(titled(withThings))('is as if it had never been: %s', async (_, walked) => {
    const answer = said(await asStranger(walked), things);
    expect(answer).toBe(said(await asStranger(walked, neverThere), neverThere));
    expect(answer).toMatch(/^404 |^400 .*"code":"IMG\.(0023|0027)"/);
  });

  const others = guarded.filter((walked) => !withThings.includes(walked));
  it.each(titled(others))('is not told of: %s', async (_, walked) => {
    const { status, bytes } = await asStranger(walked);
    expect(status).toBeLessThan(500);
    const text = bytes.toString('utf8');
    for (const each of ['-of-walk', ...own]) expect(text).not.toContain(each);
  });
});

/** Without what they need, operations would refuse a request before they look for what it is about. */
function examples(): Readonly<Record<string, HuaweiCallOptions>> {
  const { image_id: image = '', project_id: project = '', member_id: member = '' } = things;
  const tags = [{ key: 'walked', value: '' }];
  const domain_id = toHexId(stranger.accountId);
  const bytes = { 'content-type': 'application/octet-stream' };
  const patch = { 'content-type': 'application/openstack-images-v2.1-json-patch' };
  const renaming = [{ op: 'replace', path: '/name', value: 'renamed' }];
  const named = { body: { key_id: things['key_id'] } };
  return {
    CopyImageInRegion: { body: { name: 'copy' } },
    CopyImageCrossRegion: {
      body: { name: 'copy', region: 'south', project_name: 'south', agency_name: 'agency-of-walk' },
    },
    RegisterImage: { body: { image_url: 'images:golden.raw' } },
    ExportImage: { body: { bucket_url: 'images:golden.raw', is_quick_export: true } },
    UpdateImage: { body: renaming },
    AddImageTag: { body: { tag: tags[0] } },
    CreateOrUpdateTags: { body: { image_id: image, image_tag: tags[0] } },
    BatchAddOrDeleteTags: { body: { action: 'delete', tags } },
    BatchDeleteTags: { body: { tags } },
    ListImageByTags: { body: { action: 'filter' } },
    BatchAddMembers: { body: { images: [image], projects: [project] } },
    BatchDeleteMembers: { body: { images: [image], projects: [member] } },
    BatchUpdateMembers: { body: { images: [image], project_id: member, status: 'accepted' } },
    GlanceAddImageMember: { body: { member } },
    GlanceUpdateImageMember: { body: { status: 'accepted' } },
    GlanceUpdateImage: { body: renaming, headers: patch },
    GlanceUploadImage: { body: 'bytes', headers: bytes, unsignedPayload: true },
    UpdateEnterpriseProject: { body: { name: 'other' } },
    OperateEnterpriseProject: { body: { action: 'disable' } },
    MigrateResource: { body: { resource_type: 'images', resource_id: image, project_id: member } },
    ShowResourceBindEnterpriseProject: { body: { projects: [member], resource_types: ['images'] } },
    CreateAgency: { body: { agency: { name: 'other', domain_id, trust_domain_name: 'op_svc_ims' } } },
    UpdateAgency: { body: { agency: { description: 'changed' } } },
    UpdatePermanentAccessKey: { body: { credential: { description: 'changed' } } },
    ListKeyDetail: named,
    EnableKey: named,
    DisableKey: named,
    DeleteKey: { body: { ...named.body, pending_days: '7' } },
    CancelKeyDeletion: named,
    ShowKeyRotationStatus: named,
  };
}

it('has an example for operations that there are, and for no others', () => {
  const names: ReadonlySet<string> = new Set(operations.map(({ name }) => name));
  expect(Object.keys(examples()).filter((name) => !names.has(name))).toEqual([]);
});
