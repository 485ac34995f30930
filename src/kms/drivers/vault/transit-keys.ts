/** Keys and their versions in Transit. Each function looks first at what is there, so that it can be tried again. */
import { randomBytes } from 'node:crypto';
import { KeyProviderError, type KeyVersion, keyBytes, type NewKeyVersion } from '../../key-provider.ts';
import { isEncryptedWith, sealForImport } from './import-key.ts';
import { expectOk, isMissing, keyType, nameOf, prefixOf } from './transit.ts';
import type { VaultClient } from './vault-client.ts';

/** What Vault has of a key. */
interface HeldKey {
  readonly latest: number;
  readonly isImported: boolean;
}

export async function makeVersion(client: VaultClient, request: NewKeyVersion): Promise<void> {
  const { key, version, imported, signal } = request;
  const held = await readKey(client, key, signal);
  const latest = held?.latest ?? 0;
  if (version <= latest) {
    if (imported !== undefined) await expectMaterial(client, { key, version }, imported, signal);
  } else if (version > latest + 1) {
    const why = `${nameOf(key)} has ${latest} versions in Vault, and version ${version} was to be next`;
    throw new KeyProviderError('refused', why);
  } else if (imported !== undefined) {
    await importVersion(client, key, held, imported, signal);
  } else {
    const [path, body] = held === undefined ? ['', { type: keyType }] : ['/rotate', {}];
    expectOk(await client.send('POST', `keys/${nameOf(key)}${path}`, body, signal));
  }
}

export async function destroyKey(client: VaultClient, key: string, signal: AbortSignal): Promise<void> {
  const path = `keys/${nameOf(key)}`;
  if ((await readKey(client, key, signal)) === undefined) return;
  expectOk(await client.send('POST', `${path}/config`, { deletion_allowed: true }, signal));
  expectOk(await client.send('DELETE', path, undefined, signal));
}

async function readKey(client: VaultClient, key: string, signal: AbortSignal): Promise<HeldKey | undefined> {
  const answer = await client.send('GET', `keys/${nameOf(key)}`, undefined, signal);
  if (isMissing(answer)) return undefined;
  const { type, latest_version: latest, imported_key: isImported } = expectOk(answer);
  if (type === keyType && typeof latest === 'number') return { latest, isImported: isImported === true };
  throw new KeyProviderError('refused', `${nameOf(key)} is of type ${type} in Vault, and not ${keyType}`);
}

async function importVersion(
  client: VaultClient,
  key: string,
  held: HeldKey | undefined,
  imported: Uint8Array,
  signal: AbortSignal,
): Promise<void> {
  if (held?.isImported === false) {
    throw new KeyProviderError('refused', `${nameOf(key)} was made in Vault, and takes no material from outside`);
  }
  const { public_key: wrappingKey } = expectOk(await client.send('GET', 'wrapping_key', undefined, signal));
  if (typeof wrappingKey !== 'string')
    throw new KeyProviderError('refused', 'Vault has no key to wrap material for it');
  const body = { ciphertext: sealForImport(wrappingKey, imported), hash_function: 'SHA256' };
  const [path, more] =
    // A later version need not be imported, too; that it may be made in Vault has to be said with the first.
    held === undefined ? ['import', { type: keyType, allow_rotation: true }] : ['import_version', {}];
  expectOk(await client.send('POST', `keys/${nameOf(key)}/${path}`, { ...body, ...more }, signal));
}

/** A version that is there already has to be of the material that is imported now. */
async function expectMaterial(
  client: VaultClient,
  version: Omit<KeyVersion, 'material'>,
  imported: Uint8Array,
  signal: AbortSignal,
): Promise<void> {
  const name = nameOf(version.key);
  const probe = randomBytes(keyBytes);
  const body = { plaintext: probe.toString('base64'), key_version: version.version };
  const { ciphertext } = expectOk(await client.send('POST', `encrypt/${name}`, body, signal));
  const encrypted = Buffer.from(String(ciphertext).slice(prefixOf(version).length), 'base64');
  if (isEncryptedWith(imported, encrypted, probe)) return;
  throw new KeyProviderError('refused', `version ${version.version} of ${name} has other material in Vault`);
}
