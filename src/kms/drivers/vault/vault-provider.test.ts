import { randomBytes, randomUUID } from 'node:crypto';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startVaultServer, type VaultIntervention, type VaultServer } from '../../../../test/support/vault-server.ts';
import { Secret } from '../../../lib/secret.ts';
import { describeKeyProvider, expectKind } from '../../key-provider.conformance.ts';
import { type KeyProvider, KeyProviderError, type KeyVersion } from '../../key-provider.ts';
import type { VaultSettings } from './vault-client.ts';
import { createVaultProvider } from './vault-provider.ts';

const never = new AbortController().signal;
const context = { account: 'a', image: 'i', region: 'north', disk: '0' };
const settings = { mount: 'transit', timeoutMs: 2000, attempts: 3, retryMs: 1 };

function providerOf({ address, token }: VaultServer, others: Partial<VaultSettings> = {}): KeyProvider {
  return createVaultProvider({ ...settings, address, token: new Secret(token), ...others });
}

describeKeyProvider(
  'vault',
  async () => {
    const [vault, other] = [await startVaultServer(), await startVaultServer()];
    const close = async () => void (await Promise.all([vault.close(), other.close()]));
    return { provider: providerOf(vault), other: providerOf(other), close };
  },
  { keepsMaterial: true, runs: 50 },
);

describe('vault', () => {
  let vault: VaultServer;
  let provider: KeyProvider;
  beforeEach(async () => {
    vault = await startVaultServer();
    provider = providerOf(vault);
  });
  afterEach(() => vault.close());

  async function newVersion(key: string = randomUUID(), version = 1): Promise<KeyVersion> {
    return { key, version, material: await provider.createVersion({ key, version, signal: never }) };
  }

  function wrap(version: KeyVersion): Promise<Uint8Array> {
    return provider.wrap(version, randomBytes(32), context, never);
  }

  /** Answers so, the first `times` times. */
  function intervene(intervention: VaultIntervention, times = Number.POSITIVE_INFINITY, at = ''): void {
    let left = times;
    vault.intervene = (request) => (request.includes(at) && left-- > 0 ? intervention : undefined);
  }

  describe('what it asks for', () => {
    it('is a key of its own for each, with a version for each, and text that Transit itself reads', async () => {
      const version = await newVersion();
      await newVersion(version.key, 2);
      expect([...vault.keys.keys()]).toEqual([`mimeo-${version.key}`]);
      expect(vault.keys.get(`mimeo-${version.key}`)).toMatchObject({ isImported: false, mayBeDeleted: false });
      expect(Buffer.from(await wrap(version)).toString()).toMatch(/^vault:v1:[A-Za-z0-9+/]+=*$/);
    });

    it('stands below the mount and in the namespace', async () => {
      const elsewhere = await startVaultServer({ mount: 'kms/transit' });
      elsewhere.namespace = 'team';
      const address = `${elsewhere.address}/`;
      const other = providerOf(elsewhere, { address, mount: 'kms/transit', namespace: 'team' });
      const key = randomUUID();
      await other.createVersion({ key, version: 1, signal: never });
      expect(elsewhere.requests[0]).toBe(`GET /v1/kms/transit/keys/mimeo-${key}`);
      await elsewhere.close();
    });

    it('is nothing when a key is there already', async () => {
      const version = await newVersion();
      vault.requests.length = 0;
      await newVersion(version.key);
      expect(vault.requests).toEqual([`GET /v1/transit/keys/mimeo-${version.key}`]);
    });

    it('is eight requests for the rewrapping of a thousand', async () => {
      const [from, to] = [await newVersion(), await newVersion()];
      const items = Array.from({ length: 1000 }, () => ({ context, wrapped: new Uint8Array() }));
      const wrapped = await wrap(from);
      vault.requests.length = 0;
      await provider.rewrap(
        from,
        to,
        items.map((item) => ({ ...item, wrapped })),
        never,
      );
      expect(vault.requests).toHaveLength(8);
    });
  });

  describe('what it refuses', () => {
    it('is a version that would not be the next', async () => {
      const { message } = await expectKind('refused', newVersion(randomUUID(), 2));
      expect(message).toContain('has 0 versions in Vault, and version 2 was to be next');
      const { key } = await newVersion();
      await expectKind('refused', newVersion(key, 3));
    });

    it('is other material for a version that is there', async () => {
      const request = { key: randomUUID(), version: 1, imported: randomBytes(32), signal: never };
      await provider.createVersion(request);
      const { message } = await expectKind(
        'refused',
        provider.createVersion({ ...request, imported: randomBytes(32) }),
      );
      expect(message).toContain('has other material');
    });

    it('is material for a key that was made in Vault', async () => {
      const { key } = await newVersion();
      const imported = randomBytes(32);
      const { message } = await expectKind(
        'refused',
        provider.createVersion({ key, version: 2, imported, signal: never }),
      );
      expect(message).toContain('was made in Vault');
      await expectKind('refused', provider.createVersion({ key, version: 1, imported, signal: never }));
    });

    it('is a key of another type', async () => {
      const key = randomUUID();
      const body = JSON.stringify({ data: { type: 'rsa-2048', latest_version: 1 } });
      intervene({ body });
      const { message } = await expectKind('refused', newVersion(key));
      expect(message).toContain('is of type rsa-2048');
    });

    it('is to wrap with a key that was destroyed', async () => {
      const version = await newVersion();
      await provider.destroyKey(version.key, never);
      await expectKind('refused', wrap(version));
      expect(vault.keys.size).toBe(0);
    });

    it('is what a version opens that the owner of Vault has closed', async () => {
      const version = await newVersion();
      const wrapped = await wrap(version);
      const [key] = vault.keys.values();
      (key as { leastDecryption: number }).leastDecryption = 2;
      await expectKind('refused', provider.unwrap(version, wrapped, context, never));
    });

    it('is a mount where there is none, also for what would be done if a key were missing', async () => {
      const other = providerOf(vault, { mount: 'elsewhere' });
      const version = { key: randomUUID(), version: 1, material: new Uint8Array() };
      await expectKind('refused', other.destroyKey(version.key, never));
      await expectKind('refused', other.createVersion({ ...version, signal: never }));
      await expectKind('refused', other.unwrap(version, Buffer.from('vault:v1:AAAA'), context, never));
    });

    it('is a token, and says where to look', async () => {
      const other = providerOf(vault, { token: new Secret('hvs.another') });
      const { message } = await expectKind('refused', other.destroyKey(randomUUID(), never));
      expect(message).toContain('permission denied; look at vaultToken');
    });

    it('is a decryption that Vault refuses for reasons of its own', async () => {
      const version = await newVersion();
      const wrapped = await wrap(version);
      intervene({ status: 400, body: '{"errors":["not today"]}' });
      await expectKind('refused', provider.unwrap(version, wrapped, context, never));
    });

    it.each(['<html>', '{}', '[]', 'null'])("is a proxy's word, %s, that there is no such key", async (body) => {
      const { key } = await newVersion();
      intervene({ status: 404, body });
      await expectKind('refused', provider.destroyKey(key, never));
      await expectKind('refused', newVersion());
    });

    it('is an answer that is not of Vault', async () => {
      intervene({ body: '<html>' });
      await expectKind('refused', newVersion());
      intervene({ body: '{"data":{"batch_results":[]}}' }, 1, 'encrypt');
      const version = await newVersion();
      await expectKind('refused', wrap(version));
      intervene({ body: '{"data":{"batch_results":[{"ciphertext":"vault:v2:AAAA"}]}}' }, 1, 'encrypt');
      await expectKind('refused', wrap(version));
    });

    it('is an item without a key, which is none', async () => {
      const version = await newVersion();
      const wrapped = await wrap(version);
      for (const result of ['{"error":"cipher: message authentication failed"}', '{"plaintext":7}', 'null']) {
        intervene({ body: `{"data":{"batch_results":[${result}]}}` }, 1, 'decrypt');
        await expectKind('refused', provider.unwrap(version, wrapped, context, never));
        intervene({ body: `{"data":{"batch_results":[${result}]}}` }, 1, 'encrypt');
        await expectKind('refused', wrap(version));
      }
      intervene({ body: '{"data":{}}' }, 1, 'wrapping_key');
      const imported = randomBytes(32);
      await expectKind('refused', provider.createVersion({ key: randomUUID(), version: 1, imported, signal: never }));
    });

    it('is to follow to another host, which would be told the token', async () => {
      const other = await startVaultServer();
      intervene({ status: 307, headers: { location: `${other.address}/v1/transit/keys/x` } });
      const { message } = await expectKind('refused', newVersion());
      expect(message).toContain('as vaultAddress');
      expect(other.requests).toEqual([]);
      await other.close();
    });
  });

  describe('when Vault does not answer', () => {
    it.each<[string, VaultIntervention]>([
      ['is sealed', { status: 503 }],
      ['has an error of its own', { status: 500 }],
      ['is behind a proxy that finds nobody', { status: 502, body: '<html>' }],
      ['is asked too often', { status: 429 }],
      ['is not up to date', { status: 412 }],
      ['hangs up', { cut: 'request' }],
      ['hangs up after the work', { cut: 'answer' }],
    ])('because it %s, it is asked again, thrice in all', async (_what, intervention) => {
      const version = await newVersion();
      const wrapped = await wrap(version);
      for (const [times, work] of [
        [2, () => provider.unwrap(version, wrapped, context, never)],
        [2, () => newVersion(version.key, 2)],
        [2, () => provider.destroyKey(version.key, never)],
      ] as const) {
        intervene(intervention, times);
        await work();
      }
      intervene(intervention);
      vault.requests.length = 0;
      await expectKind('unavailable', provider.unwrap(version, wrapped, context, never));
      expect(vault.requests).toHaveLength(3);
    });

    it('is not made to rotate twice when the answer was lost', async () => {
      const { key } = await newVersion();
      intervene({ cut: 'answer' }, 1, 'rotate');
      await newVersion(key, 2);
      expect(vault.keys.get(`mimeo-${key}`)?.versions).toHaveLength(2);
    });

    it('is not waited for longer than it may take', async () => {
      const waiting = Promise.withResolvers<void>();
      intervene({ wait: waiting.promise });
      const hasty = providerOf(vault, { timeoutMs: 20, attempts: 2 });
      await expectKind('unavailable', hasty.destroyKey(randomUUID(), never));
      waiting.resolve();
    });

    it('is not waited for by who has aborted, nor asked again', async () => {
      const waiting = Promise.withResolvers<void>();
      intervene({ wait: waiting.promise });
      const abort = new AbortController();
      const reason = new Error('enough');
      const asked = provider.destroyKey(randomUUID(), abort.signal);
      setTimeout(() => abort.abort(reason), 20);
      await expect(asked).rejects.toBe(reason);
      expect(vault.requests).toHaveLength(1);
      waiting.resolve();
    });

    it('but talks without end, it is cut off', async () => {
      intervene({ body: 'x'.repeat(5 * 1024 * 1024) });
      await expectKind('unavailable', newVersion());
    });

    it('and is not there at all', async () => {
      const nowhere = providerOf(vault, { address: 'http://127.0.0.1:1' });
      const error = await expectKind('unavailable', nowhere.destroyKey(randomUUID(), never));
      expect(error.cause).toBeInstanceOf(Error);
    });
  });

  it('shows its token in no error, whatever Vault says', async () => {
    const body = JSON.stringify({ errors: [`the token ${vault.token} is not known`] });
    for (const status of [400, 401, 403, 404, 500, 307]) {
      intervene({ status, body });
      const error = await provider.createVersion({ key: randomUUID(), version: 1, signal: never }).catch((no) => no);
      expect(error, `${status}`).toBeInstanceOf(KeyProviderError);
      expect(inspect(error, { depth: 10, showHidden: true }) + error.stack).not.toContain(vault.token);
    }
    expect(inspect(provider, { depth: 10, showHidden: true })).not.toContain(vault.token);
  });
});
