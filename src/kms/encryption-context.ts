import type { EncryptionContext } from './key-provider.ts';

/** The one text of a context: what a wrapped key is bound to, and what every driver hands to its cipher. */
export function canonicalContext(context: EncryptionContext): string {
  const parts = Object.entries(context).sort(([one], [other]) => (one < other ? -1 : 1));
  return JSON.stringify(Object.fromEntries(parts));
}
