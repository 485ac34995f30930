/** AssumeRole, GetCallerIdentity, and what is signed with temporary credentials. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestAliyun, type TestAliyun } from '../../../../test/support/aliyun-api.ts';
import {
  type AliyunClient,
  type AliyunParameters,
  createAliyunClient,
} from '../../../../test/support/aliyun-client.ts';
import { expectFault, type Provocations } from '../../../../test/support/aliyun-faults.ts';
import { rowsOf } from '../../../../test/support/fault-tables.ts';
import { insertPlainImage } from '../../../../test/support/plain-image.ts';
import type { Caller } from '../../../app/context.ts';
import { findImage } from '../../../app/find-image.ts';
import { createAgency } from '../../../app/tenants/agencies.ts';
import { createSession } from '../../../app/tenants/sessions.ts';
import { inTransaction } from '../../../db/database.ts';
import { RefusalError } from '../../../domain/refusal.ts';
import { commonFaults } from '../common-faults.ts';
import { toFaultError } from '../errors.ts';
import { assumeRole, assumeRoleFaults } from './assume-role.ts';

let aliyun: TestAliyun;
/** The account that is acted in, and one of its images. */
let host: Caller;
let imageId: string;
beforeAll(async () => {
  aliyun = await createTestAliyun();
  host = await aliyun.installation.newCaller();
  const { context } = aliyun.installation;
  const trustedAccount = aliyun.caller.accountId;
  const grants = [{ role: 'operator' }] as const;
  await createAgency(context, host, { name: 'images', description: '', trustedAccount, grants, expiresAt: null });
  const wanted = { region: 'north', kind: 'system-disk', state: 'available' } as const;
  const id = await inTransaction(context.db, (trx) => insertPlainImage(trx, host, wanted));
  imageId = (await findImage(context, host, id)).aliyunId;
});
afterAll(() => aliyun.close());

const sts = { version: '2015-04-01' };

function wanted(more: AliyunParameters = {}): AliyunParameters {
  const RoleArn = `acs:ram::${host.accountNumber}:role/images`;
  return { RoleArn, RoleSessionName: 'alice@ci', DurationSeconds: 900, ...more };
}

async function assume(more: AliyunParameters = {}, client: AliyunClient = aliyun.client) {
  return await client.call('AssumeRole', wanted(more), sts);
}

interface Assumed {
  readonly Credentials: {
    readonly AccessKeyId: string;
    readonly AccessKeySecret: string;
    readonly SecurityToken: string;
  };
}

function keyOf({ Credentials: { AccessKeyId, AccessKeySecret } }: Assumed) {
  return { url: aliyun.url, accessKeyId: AccessKeyId, secret: AccessKeySecret };
}

/** Signs with what AssumeRole answered. */
function clientOf(assumed: Assumed): AliyunClient {
  return createAliyunClient({ ...keyOf(assumed), securityToken: assumed.Credentials.SecurityToken });
}

describe('AssumeRole', () => {
  it('gives credentials that sign in every way, in the account of the role', async () => {
    const { status, body } = await assume();
    expect({ status, body }).toMatchObject({
      status: 200,
      body: {
        AssumedRoleUser: {
          Arn: `acs:ram::${host.accountNumber}:role/images/alice@ci`,
          AssumedRoleId: 'images:alice@ci',
        },
      },
    });
    expect(Date.parse(body.Credentials.Expiration) - Date.now()).toBeGreaterThan(890_000);
    expect(Date.parse(body.Credentials.Expiration) - Date.now()).toBeLessThanOrEqual(900_000);
    const client = clientOf(body);
    for (const signing of ['rpc-sha1', 'rpc-sha256', 'acs3'] as const) {
      const listed = await client.call('DescribeImages', { RegionId: 'north' }, { signing });
      expect(listed).toMatchObject({ status: 200, body: { TotalCount: 1, Images: { Image: [{ ImageId: imageId }] } } });
    }
    const bare = createAliyunClient(keyOf(body));
    expectFault(await bare.call('DescribeImages', { RegionId: 'north' }), commonFaults.tokenMissing);
  });

  it('gives no more than the agency grants, and not to act on from there', async () => {
    const client = clientOf((await assume()).body);
    const named = { RegionId: 'north', ImageId: imageId };
    expect(await client.call('ModifyImageAttribute', { ...named, Description: 'by agency' })).toMatchObject({
      status: 200,
    });
    const publish = await client.call('ModifyImageSharePermission', { ...named, IsPublic: true });
    expectFault(publish, commonFaults.forbidden);
    expectFault(await assume({}, client), assumeRoleFaults.noPermission);
  });

  it('ends when it said it would', async () => {
    const { body } = await assume({ RoleSessionName: 'short' });
    aliyun.installation.advance(901_000);
    const late = { timestamp: new Date(aliyun.installation.context.clock.now()).toISOString().replace(/\.\d+Z$/, 'Z') };
    const answer = await clientOf(body).call('DescribeImages', { RegionId: 'north' }, late);
    aliyun.installation.advance(-901_000);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.body.Code).toMatch(/^Invalid(SecurityToken|AccessKeyId)\./);
  });

  it('lasts an hour where nothing is said, or as long as the credentials that sign', async () => {
    const { context } = aliyun.installation;
    const lifeOf = async (client: AliyunClient) => {
      const { status, body } = await assume({ DurationSeconds: undefined }, client);
      expect(status, JSON.stringify(body)).toBe(200);
      return Math.round((Date.parse(body.Credentials.Expiration) - Date.now()) / 10_000) * 10;
    };
    expect(await lifeOf(aliyun.client)).toBe(3600);
    const command = { name: 'half an hour', credentials: true, seconds: 1800 };
    const { accessKey, token } = await createSession(context, aliyun.caller, command);
    const { id: accessKeyId, secret } = accessKey as { readonly id: string; readonly secret: string };
    const client = createAliyunClient({ url: aliyun.url, accessKeyId, secret, securityToken: token });
    expect(await lifeOf(client)).toBe(1800);
    expectFault(await assume({ DurationSeconds: 3600 }, client), assumeRoleFaults.durationSeconds);
  });

  it('knows no key whose session ends while it is asked', () => {
    const refusal = new RefusalError('session.not-found', { session: 'self' });
    expect(toFaultError(refusal, assumeRole, 'newer').fault).toBe(commonFaults.keyNotFound);
  });

  it('answers in JSON when nothing is said', async () => {
    const answer = await aliyun.client.call('AssumeRole', wanted(), { ...sts, format: null });
    expect(answer.headers.get('content-type')).toBe('application/json;charset=utf-8');
  });

  const provocations: Provocations<typeof assumeRoleFaults> = {
    roleArn: async () => await assume({ RoleArn: 'acs:ram::1:role/x' }),
    roleSessionName: async () => await assume({ RoleSessionName: 'a' }),
    durationSeconds: async () => await assume({ DurationSeconds: 899 }),
    policyGrammar: async () => await assume({ Policy: '{"Version":"1","Statement":[]}' }),
    noPermission: async () => await assume({}, await aliyun.newClient('viewer')),
    roleNotFound: async () => await assume({ RoleArn: `acs:ram::${host.accountNumber}:role/none` }),
  };

  it.each(rowsOf(assumeRoleFaults, provocations))('says what its table says: $name', async ({ provoke, fault }) => {
    expectFault(await provoke(aliyun), fault);
  });

  it.each([
    ['self', 'RoleSessionName'],
    ['with space', 'RoleSessionName'],
    ['x'.repeat(33), 'RoleSessionName'],
  ])('takes no session named %s', async (name, field) => {
    expectFault(await assume({ [field]: name }), assumeRoleFaults.roleSessionName);
  });

  it('does not say whether a role is there that trusts somebody else', async () => {
    const stranger = await aliyun.newClient('owner', await aliyun.installation.newCaller());
    expectFault(await assume({}, stranger), assumeRoleFaults.roleNotFound);
    // Sessions end after half a day here.
    expectFault(await assume({ DurationSeconds: 43_200 + 1 }), assumeRoleFaults.durationSeconds);
  });
});

describe('GetCallerIdentity', () => {
  const identityOf = async (client: AliyunClient) => (await client.call('GetCallerIdentity', {}, sts)).body;

  it('names a user', async () => {
    const account = String(aliyun.caller.accountNumber);
    const identity = await identityOf(await aliyun.newClient('viewer'));
    expect(identity).toMatchObject({ AccountId: account, IdentityType: 'RAMUser' });
    expect(identity.Arn).toMatch(new RegExp(`^acs:ram::${account}:user/user-\\d+$`));
    expect(identity.PrincipalId).toBe(identity.UserId);
    expect(identity).not.toHaveProperty('RoleId');
  });

  it('names whoever acts in a role, as AssumeRole did', async () => {
    const { body } = await assume({ RoleSessionName: 'bob' });
    expect(await identityOf(clientOf(body))).toEqual({
      RequestId: expect.any(String),
      AccountId: String(host.accountNumber),
      IdentityType: 'AssumedRoleUser',
      RoleId: 'images',
      PrincipalId: body.AssumedRoleUser.AssumedRoleId,
      Arn: `acs:ram::${host.accountNumber}:assumed-role/images/bob`,
    });
  });

  it('names the account where nobody else is behind the credentials', async () => {
    const { context, operator } = aliyun.installation;
    const bearer: Caller = { ...operator, kind: 'installation', userId: null };
    const { accessKey, token } = await createSession(context, bearer, { name: 'of the bearer', credentials: true });
    const client = createAliyunClient({
      url: aliyun.url,
      accessKeyId: accessKey?.id ?? '',
      secret: accessKey?.secret ?? '',
      securityToken: token,
    });
    const account = String(operator.accountNumber);
    expect(await identityOf(client)).toMatchObject({
      IdentityType: 'Account',
      UserId: account,
      Arn: `acs:ram::${account}:root`,
    });
  });
});
