/** What keys, their aliases and their material must keep to. */
import { invalid } from './field-rules.ts';
import { isUuid } from './ids.ts';
import type { Key } from './key.ts';
import { RefusalError } from './refusal.ts';

const materialBytes = 32;

/** What stands in place of a key where something is to be encrypted. */
export const reservedAliases: readonly string[] = ['default', 'none'];

export const aliasPattern = /^[A-Za-z0-9:/_-]{1,255}$/;

/** A name stands where an id may stand. Those of the clouds are `alias/` and this. */
export function checkAlias(name: string): void {
  if (!aliasPattern.test(name)) throw invalid('alias', 'must be 1 to 255 letters, digits and : / _ -');
  if (isUuid(name)) throw invalid('alias', 'must not be a UUID');
  if (reservedAliases.includes(name))
    throw invalid('alias', `must not be ${reservedAliases.join(' or ')}, which mean something of their own`);
  if (name.startsWith('alias/')) throw invalid('alias', 'must be given without alias/ before it');
}

/** The material in base64, of which 32 bytes are 44 characters. */
export function decodeMaterial(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length !== materialBytes || bytes.toString('base64') !== text) {
    throw invalid('material', `must be ${materialBytes} bytes in base64`);
  }
  return bytes;
}

/** A key that is to be deleted is changed no more. */
export function refuseDoomed({ id, state }: Key): void {
  if (state === 'pending-deletion') throw new RefusalError('key.pending-deletion', { key: id });
}

/** A region's default key serves those who name none, so it is always there. */
export function refuseDefault({ id, isDefault }: Key): void {
  if (isDefault) throw new RefusalError('key.default', { key: id });
}

/** Refuses a key that has no material. */
export function refuseEmpty({ id, state }: Key): void {
  if (state === 'pending-import') throw new RefusalError('key.pending-import', { key: id });
}

/** Refuses a key that neither wraps nor opens anything at present. */
export function refuseClosed({ id, state }: Key): void {
  if (state !== 'enabled') throw new RefusalError('key.disabled', { key: id, state });
}
