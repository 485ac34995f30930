/** Keeps a token of Vault alive: most of them end after a while, unless they are renewed before. */
import { setTimeout as sleep } from 'node:timers/promises';
import { KeyProviderError } from '../../key-provider.ts';
import { expectOk } from './transit.ts';
import { createVaultClient, type VaultClient, type VaultSettings } from './vault-client.ts';

export interface KeepTokenOptions {
  /** Told when it cannot be renewed, each time. */
  readonly onTrouble: (error: unknown) => void;
  /** The shortest and the longest pause between two renewals, which are tried at a third of what the token has left. */
  readonly leastMs: number;
  readonly mostMs: number;
}

/** Until the signal is aborted, or at once for a token that has no end. Never throws. */
export async function keepToken(
  settings: VaultSettings,
  options: KeepTokenOptions,
  signal: AbortSignal,
): Promise<void> {
  const { onTrouble, leastMs, mostMs } = options;
  const client = createVaultClient(settings);
  while (!signal.aborted) {
    let left = 0;
    try {
      const token = await lookUp(client, signal);
      if (token.left === Number.POSITIVE_INFINITY) return;
      left = token.isRenewable ? await renew(client, signal) : token.left;
      if (!token.isRenewable) onTrouble(endOf(token.left));
    } catch (error) {
      if (!signal.aborted) onTrouble(error);
    }
    const pause = Math.min(mostMs, Math.max(leastMs, left / 3));
    // An abort ends the pause, and with it the loop.
    await sleep(pause, undefined, { signal }).catch(() => {});
  }
}

function endOf(left: number): KeyProviderError {
  const why = `the token ends in ${left / 1000} seconds and cannot be renewed; give a periodic one`;
  return new KeyProviderError('refused', why);
}

async function lookUp(client: VaultClient, signal: AbortSignal): Promise<{ left: number; isRenewable: boolean }> {
  const { ttl, renewable } = expectOk(await client.send('GET', 'auth/token/lookup-self', undefined, signal));
  return { left: ttl === 0 ? Number.POSITIVE_INFINITY : millisecondsOf(ttl), isRenewable: renewable === true };
}

/** The milliseconds that the token has left then. */
async function renew(client: VaultClient, signal: AbortSignal): Promise<number> {
  const { lease_duration: lease } = expectOk(await client.send('POST', 'auth/token/renew-self', {}, signal));
  return millisecondsOf(lease);
}

/** What is no number would make a pause that is none. */
function millisecondsOf(seconds: unknown): number {
  if (typeof seconds === 'number') return seconds * 1000;
  throw new KeyProviderError('refused', 'Vault has not said how long the token lives');
}
