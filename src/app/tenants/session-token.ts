/** Bearer tokens: 256 bits of randomness, of which the database has the hash alone. */
import { createHash } from 'node:crypto';
import type { RandomBytes } from '../../domain/ids.ts';

/** `mimeo_` and 43 characters; the prefix lets scanners find one that was published by mistake. */
export function newSessionToken(random: RandomBytes): string {
  return `mimeo_${Buffer.from(random(32)).toString('base64url')}`;
}

/** Tokens are as random as any hash, so a slow one would add nothing. */
export function hashToken(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
