/** Requests of JD Cloud's own clients, as they were recorded: let in by the bytes, and refused with other bytes. */
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestJdcloud, type TestJdcloud } from '../../../test/support/jdcloud-api.ts';
import { exchange } from '../../../test/support/raw-exchange.ts';
import { accessKeyPlace } from '../../app/tenants/access-keys.ts';
import { insertAccessKey } from '../../db/tenants/access-keys.ts';
import { commonFaults } from './common-faults.ts';
import { messageOf } from './fault.ts';

const folder = new URL('../../../test/captures/jdcloud/', import.meta.url);
const captures = readdirSync(folder).map((name) => [name, readFileSync(new URL(name, folder), 'latin1')] as const);
/** Within a quarter of an hour of all of them. */
const recordedAt = Date.parse('2026-11-21T03:05:00Z');

let jdcloud: TestJdcloud;
beforeAll(async () => {
  jdcloud = await createTestJdcloud();
  await haveKey('AKTESTTESTTESTTESTTESTTESTTEST01', 'SKTESTTESTTESTTESTTESTTESTTEST02');
  await haveKey('TESTAK', 'TESTSK');
});
afterAll(() => jdcloud.close());

async function haveKey(id: string, text: string): Promise<void> {
  const { installation, caller } = jdcloud;
  const { db, secrets } = installation.context;
  const { userId } = caller as typeof caller & { readonly userId: string };
  const times = { createdAt: 0, disabledAt: null, expiresAt: null, lastUsedAt: null };
  const secret = secrets.seal(text, accessKeyPlace(id));
  await db.transaction().execute((trx) => insertAccessKey(trx, { id, userId, description: '', ...times }, secret));
}

/** What the server says at that time. */
async function said(at: number, capture: string): Promise<string> {
  const { advance, context } = jdcloud.installation;
  advance(at - context.clock.now());
  const { text } = await exchange(jdcloud.url, Buffer.from(capture, 'latin1'));
  return (JSON.parse(text) as { readonly error: { readonly message: string } }).error.message;
}

it('has those of three clients', () => {
  const clients = captures.map(([name]) => name.replace(/-.*/, ''));
  expect(new Set(clients)).toEqual(new Set(['go', 'npm', 'python']));
});

describe.each(captures)('%s', (_, capture) => {
  it('is refused when it says something else', async () => {
    // As long as before, and of the same region.
    const other = capture.replace(/images|quotas/, (word) => word.toUpperCase());
    expect(await said(recordedAt, other)).toBe(commonFaults.signatureWrong.message);
  });

  it('is let in, and again when its connection was dropped', async () => {
    const ask = () => said(recordedAt, capture);
    // The signature is right, the operation there, its holder may do it: the region is not one of the test's.
    const about = 'cn-north-1';
    const letIn = messageOf({ fault: commonFaults.regionInvalid, about });
    expect([await ask(), await ask(), await ask()]).toEqual([letIn, letIn, letIn]);
    expect(await ask()).toMatch(/^Invalid authentication credentials: this signature came 3 times before/);
  });

  it('is refused a day later', async () => {
    expect(await said(recordedAt + 86_400_000, capture)).toMatch(/x-jdcloud-date is 1\d{3} min behind/);
  });
});

it("the documents' example of a request is let in over HTTP", async () => {
  const names = 'x-jdcloud-date;x-jdcloud-nonce;x-my-header;x-my-header_blank';
  const capture = [
    'POST /v1/resource:action?p1=p1&p0=p0&o=%&u=u HTTP/1.1',
    'Host: 127.0.0.1',
    'Content-Length: 9',
    'x-my-header: test',
    'x-my-header_blank:  blank',
    'x-jdcloud-date: 20190214T104514Z',
    'x-jdcloud-nonce: testnonce',
    `Authorization: JDCLOUD2-HMAC-SHA256 Credential=TESTAK/20190214/cn-north-1/test/jdcloud2_request, SignedHeaders=${names}, Signature=2a98f83c074e7bee260bfc8ef64f009c07595bd93f7f0c3f4e156bf6479ed9bf`,
    '',
    'body data',
  ].join('\r\n');
  const at = Date.parse('2019-02-14T10:45:14Z');
  expect(await said(at, capture)).toBe(commonFaults.apiNotFound.message);
  expect(await said(at, capture.replace('blank\r', 'black\r'))).toBe(commonFaults.signatureWrong.message);
});
