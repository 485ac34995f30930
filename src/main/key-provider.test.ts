import { randomBytes, randomUUID } from 'node:crypto';
import { expect, it, onTestFinished } from 'vitest';
import { startVaultServer } from '../../test/support/vault-server.ts';
import { silentLogger } from '../telemetry/logger.ts';
import { openKeyProvider } from './key-provider.ts';
import { createTeardown } from './teardown.ts';

const never = new AbortController().signal;
const context = { account: 'a', image: 'i', region: 'north', disk: '0' };
const none = { vaultAddress: undefined, vaultToken: undefined, vaultMount: 'transit', vaultNamespace: undefined };

function open(settings: Partial<Parameters<typeof openKeyProvider>[0]>, masterKey: Uint8Array = randomBytes(32)) {
  const teardown = createTeardown(silentLogger);
  onTestFinished(() => teardown.run());
  return openKeyProvider({ keyProvider: 'local', ...none, ...settings }, masterKey, silentLogger, teardown);
}

it('is the local one, which another start with the same master key reads', async () => {
  const masterKey = randomBytes(32);
  const provider = open({}, masterKey);
  const key = randomUUID();
  const version = { key, version: 1, material: await provider.createVersion({ key, version: 1, signal: never }) };
  const dataKey = randomBytes(32);
  const wrapped = await provider.wrap(version, dataKey, context, never);
  expect(await open({}, masterKey).unwrap(version, wrapped, context, never)).toEqual(dataKey);
  await expect(open({}).unwrap(version, wrapped, context, never)).rejects.toMatchObject({ kind: 'damaged' });
});

it('is Vault where the settings say so, whose token is kept alive', async () => {
  const vault = await startVaultServer();
  onTestFinished(() => vault.close());
  vault.tokenSeconds = 3600;
  const provider = open({ keyProvider: 'vault', vaultAddress: vault.address, vaultToken: vault.token });
  const key = randomUUID();
  await provider.createVersion({ key, version: 1, signal: never });
  expect([provider.name, ...vault.keys.keys()]).toEqual(['vault', `mimeo-${key}`]);
  await expect.poll(() => vault.requests).toContain('POST /v1/auth/token/renew-self');
});

it.each([
  'https://mimeo:secret-word@vault.test',
  'https://vault.test/?a=secret-word',
  'https://vault.test/#secret-word',
])('is no Vault at %s', (vaultAddress) => {
  const opened = () => open({ keyProvider: 'vault', vaultAddress, vaultToken: 'hvs.x' });
  expect(opened).toThrow(/^vaultAddress must be (?!.*secret-word)/);
});
