import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startVaultServer, type VaultServer } from '../../../../test/support/vault-server.ts';
import { Secret } from '../../../lib/secret.ts';
import { keepToken } from './keep-token.ts';

const lookup = 'GET /v1/auth/token/lookup-self';
const renewal = 'POST /v1/auth/token/renew-self';
let vault: VaultServer;
let troubles: string[];
let stop: () => Promise<void>;

beforeEach(async () => {
  vault = await startVaultServer();
  troubles = [];
});

afterEach(async () => {
  await stop();
  await vault.close();
});

function start(): Promise<void> {
  const { address, token } = vault;
  const settings = { address, token: new Secret(token), mount: 'transit', timeoutMs: 2000, attempts: 1, retryMs: 1 };
  const stopping = new AbortController();
  const onTrouble = (error: unknown) => troubles.push((error as Error).message);
  const kept = keepToken(settings, { onTrouble, leastMs: 10, mostMs: 60_000 }, stopping.signal);
  stop = async () => {
    stopping.abort();
    await kept;
  };
  return kept;
}

it('renews a token each time that a third of its life is over', async () => {
  vault.tokenSeconds = 0.06;
  void start();
  await expect.poll(() => vault.requests).toEqual(expect.arrayContaining([lookup, renewal, lookup, renewal]));
  expect(troubles).toEqual([]);
});

it('waits for as long as a long life allows, and ends at once when it is told to', async () => {
  vault.tokenSeconds = 3600;
  void start();
  await expect.poll(() => vault.requests).toContain(renewal);
  await sleep(60);
  expect(vault.requests).toEqual([lookup, renewal]);
});

it('has nothing to do for a token without an end', async () => {
  await start();
  expect(vault.requests).toEqual([lookup]);
});

it('tells of a token that ends, and goes on', async () => {
  vault.tokenSeconds = 0.06;
  vault.isRenewable = false;
  void start();
  await expect.poll(() => troubles.length).toBeGreaterThan(1);
  expect(troubles[0]).toContain('the token ends in 0.06 seconds and cannot be renewed');
});

it('tells of one that lives long no more often than a third of its life is over', async () => {
  vault.tokenSeconds = 3600;
  vault.isRenewable = false;
  void start();
  await expect.poll(() => troubles).toHaveLength(1);
  await sleep(60);
  expect(troubles).toHaveLength(1);
});

it('waits before it asks again, also when the answer says nothing', async () => {
  vault.tokenSeconds = 3600;
  vault.intervene = (line) => (line === renewal ? { body: '{"data":null,"auth":{}}' } : undefined);
  void start();
  await expect.poll(() => troubles.length).toBeGreaterThan(1);
  await sleep(50);
  // A pause of 10 ms at least.
  expect(troubles.length).toBeLessThan(30);
  expect(troubles[0]).toContain('how long the token lives');
});

it('tells when Vault does not answer, and renews as soon as it does', async () => {
  vault.tokenSeconds = 3600;
  vault.isSealed = true;
  void start();
  await expect.poll(() => troubles.length).toBeGreaterThan(1);
  vault.isSealed = false;
  await expect.poll(() => vault.requests).toContain(renewal);
});
