/** What every key provider refuses, whatever it keeps keys in. */
import { KeyProviderError, keyBytes, maxDataKeyBytes } from './key-provider.ts';

export function checkMaterial({ length }: Uint8Array): void {
  if (length === keyBytes) return;
  throw new KeyProviderError('refused', `key material has ${keyBytes} bytes, and this has ${length}`);
}

export function checkDataKey({ length }: Uint8Array): void {
  if (length > 0 && length <= maxDataKeyBytes) return;
  throw new KeyProviderError('refused', `a data key has 1 to ${maxDataKeyBytes} bytes, and this has ${length}`);
}
