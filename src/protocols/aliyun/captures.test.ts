/** Requests of Alibaba Cloud's own clients, as they were recorded: let in by the bytes, and refused with other bytes. */
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestAliyun, type TestAliyun } from '../../../test/support/aliyun-api.ts';
import { exchange } from '../../../test/support/raw-exchange.ts';
import { accessKeyPlace } from '../../app/tenants/access-keys.ts';
import { hashToken } from '../../app/tenants/session-token.ts';
import { insertAccessKey } from '../../db/tenants/access-keys.ts';
import { insertSession } from '../../db/tenants/sessions.ts';

const folder = new URL('../../../test/captures/aliyun/', import.meta.url);
const captures = readdirSync(folder).map((name) => [name, readFileSync(new URL(name, folder), 'latin1')] as const);
/** Within a quarter of an hour of all of them. */
const recordedAt = Date.parse('2026-11-21T03:09:30Z');

let aliyun: TestAliyun;
beforeAll(async () => {
  aliyun = await createTestAliyun();
  const { installation, caller } = aliyun;
  const { db, secrets } = installation.context;
  installation.advance(recordedAt - Date.now());
  const secret = secrets.seal('testsecret', accessKeyPlace('testid'));
  const { userId, accountId } = caller as typeof caller & { readonly userId: string };
  const times = { createdAt: 0, disabledAt: null, expiresAt: null, lastUsedAt: null };
  const session = {
    id: randomUUID(),
    name: 'recorded',
    accountId,
    userId,
    role: 'owner',
    userName: '',
    agency: null,
    projectId: null,
    accessKeyId: 'testid',
    createdAt: 0,
    expiresAt: recordedAt + 3_600_000,
  } as const;
  await db.transaction().execute(async (trx) => {
    await insertAccessKey(trx, { id: 'testid', userId, description: '', ...times }, secret);
    const issuer = { accessKeyId: null, sessionId: null };
    await insertSession(trx, { session, token: hashToken('STS/tok+en=='), secret, agencyId: null, issuer });
  });
});
afterAll(() => aliyun.close());

async function codeOf(capture: string): Promise<string> {
  const { text } = await exchange(aliyun.url, Buffer.from(capture, 'latin1'));
  return (JSON.parse(text) as { readonly Code: string }).Code;
}

describe.each(captures)('%s', (_, capture) => {
  it('is let in, once', async () => {
    expect(await codeOf(capture)).not.toMatch(
      /Signature|AccessKey|SecurityToken|TimeStamp|InvalidAction|MissingParameter/,
    );
    // The nonce is looked at when the signature has proved right.
    expect(await codeOf(capture)).toBe('SignatureNonceUsed');
  });

  it('is refused when it says something else', async () => {
    // As long as before.
    const other = capture.replaceAll('cn-hangzhou', 'cn-kangzhou').replaceAll('cn-shanghai', 'cn-shangrao');
    expect(await codeOf(other)).toBe('SignatureDoesNotMatch');
  });
});
