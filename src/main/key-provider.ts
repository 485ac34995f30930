/** The key provider of the configuration. */
import { randomBytes } from 'node:crypto';
import type { Config } from '../config/schema.ts';
import { createLocalProvider } from '../kms/drivers/local/local-provider.ts';
import { keepToken } from '../kms/drivers/vault/keep-token.ts';
import { createVaultProvider } from '../kms/drivers/vault/vault-provider.ts';
import type { KeyProvider } from '../kms/key-provider.ts';
import { Secret } from '../lib/secret.ts';
import { deriveKey } from '../store/hash.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Teardown } from './teardown.ts';

type KeySettings = Pick<Config, 'keyProvider' | 'vaultAddress' | 'vaultToken' | 'vaultMount' | 'vaultNamespace'>;

export function openKeyProvider(
  config: KeySettings,
  masterKey: Uint8Array,
  logger: Logger,
  teardown: Teardown,
): KeyProvider {
  if (config.keyProvider === 'local') {
    return createLocalProvider({ sealingKey: deriveKey('mimeo key material 1', masterKey), random: randomBytes });
  }
  const { vaultAddress: address, vaultToken: token, vaultMount: mount, vaultNamespace: namespace } = config;
  if (address === undefined || token === undefined) throw new Error('the schema lets no vault be without both');
  const vault = { address, token: new Secret(token), mount, namespace, timeoutMs: 5000, attempts: 4, retryMs: 250 };
  const provider = createVaultProvider(vault);
  const stopping = new AbortController();
  const onTrouble = (error: unknown) => logger.warn({ error }, 'the token for Vault was not renewed');
  const kept = keepToken(vault, { onTrouble, leastMs: 10_000, mostMs: 3_600_000 }, stopping.signal);
  teardown.add("Vault's token", () => {
    stopping.abort();
    return kept;
  });
  return provider;
}
