import { describe } from 'vitest';
import { Secret } from '../../../lib/secret.ts';
import { describeKeyProvider } from '../../key-provider.conformance.ts';
import { createVaultProvider } from './vault-provider.ts';

const { TEST_VAULT_ADDRESS: address, TEST_VAULT_TOKEN: token } = process.env;

// `transit` and `transit2` have to be mounted. Not VAULT_ADDR, which may lead to where keys are that somebody needs.
describe.skipIf(address === undefined || token === undefined)('with a Vault or OpenBao that runs elsewhere', () => {
  describeKeyProvider(
    'vault (needs TEST_VAULT_ADDRESS and TEST_VAULT_TOKEN)',
    async () => {
      const settings = { timeoutMs: 5000, attempts: 3, retryMs: 50 };
      const providerOf = (mount: string) =>
        createVaultProvider({ ...settings, mount, address: address ?? '', token: new Secret(token ?? '') });
      return { provider: providerOf('transit'), other: providerOf('transit2') };
    },
    { keepsMaterial: true, runs: 50 },
  );
});
