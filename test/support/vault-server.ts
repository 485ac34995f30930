/**
 * A Vault in memory, over HTTP: of its Transit engine the part that Mimeo speaks, with the statuses and messages of Vault 1.21.
 * It is stricter than Vault, which passes over fields that it does not know: here they are refused.
 */
import {
  constants,
  createCipheriv,
  createDecipheriv,
  generateKeyPairSync,
  type KeyObject,
  privateDecrypt,
  randomBytes,
} from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** What happens to a request instead of its answer. */
export interface VaultIntervention {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Instead of an error in Vault's words. */
  readonly body?: string;
  /** Breaks the connection before (`request`) or after (`answer`) the work was done. */
  readonly cut?: 'request' | 'answer';
  /** Waits for it before the answer. */
  readonly wait?: Promise<unknown>;
}

interface TransitKey {
  readonly versions: Buffer[];
  readonly isImported: boolean;
  readonly mayRotate: boolean;
  mayBeDeleted: boolean;
  leastDecryption: number;
}

export interface VaultServer {
  readonly address: string;
  readonly token: string;
  readonly keys: Map<string, TransitKey>;
  /** Method and path of every request. */
  readonly requests: string[];
  /** The token may make keys by encrypting with them, which a policy should not allow. */
  mayUpsert: boolean;
  namespace: string | undefined;
  /** Seconds that the token has left when it is asked for, and again when it is renewed; 0: it has no end. */
  tokenSeconds: number;
  isRenewable: boolean;
  isSealed: boolean;
  /** Asked with every line of `requests`. */
  intervene: (request: string) => VaultIntervention | undefined;
  close(): Promise<void>;
}

/** Made once: it takes a second. */
let wrappingPair: { readonly publicKey: KeyObject; readonly privateKey: KeyObject } | undefined;

export async function startVaultServer({ mount = 'transit' } = {}): Promise<VaultServer> {
  const server = createServer((request, response) => {
    answer(vault, mount, request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const vault: VaultServer = {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    token: `hvs.${randomBytes(24).toString('base64url')}`,
    keys: new Map(),
    requests: [],
    mayUpsert: false,
    namespace: undefined,
    tokenSeconds: 0,
    isRenewable: true,
    isSealed: false,
    intervene: () => undefined,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return vault;
}

class Refused extends Error {
  readonly status: number;
  readonly body: object;

  constructor(status: number, ...errors: string[]) {
    super(errors.join());
    this.status = status;
    this.body = { errors };
  }
}

async function answer(
  vault: VaultServer,
  mount: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const line = `${request.method} ${request.url}`;
  vault.requests.push(line);
  const content = await buffer(request);
  const { status, headers = {}, body, cut, wait } = vault.intervene(line) ?? {};
  if (cut === 'request') return void response.destroy();
  await wait;
  let [code, said]: [number, object | undefined] = [status ?? 200, { errors: ['intervention'] }];
  if (status === undefined && body === undefined) [code, said] = perform(vault, mount, request, content);
  if (cut === 'answer') return void response.destroy();
  response.writeHead(code, { 'content-type': 'application/json', ...headers });
  response.end(body ?? (said === undefined ? '' : JSON.stringify(said)));
}

function perform(
  vault: VaultServer,
  mount: string,
  { method, url = '', headers }: IncomingMessage,
  content: Buffer,
): [number, object | undefined] {
  try {
    if (vault.isSealed) throw new Refused(503, 'Vault is sealed');
    if (headers['x-vault-namespace'] !== vault.namespace) throw new Refused(403, 'permission denied');
    if (headers['x-vault-token'] !== vault.token) throw new Refused(403, '2 errors occurred: permission denied');
    const ofToken = performOnToken(vault, `${method} ${url}`);
    if (ofToken !== undefined) return [200, ofToken];
    if (!url.startsWith(`/v1/${mount}/`)) {
      throw new Refused(404, `no handler for route "${url.slice('/v1/'.length)}". route entry not found.`);
    }
    const [what, ...path] = url.slice(`/v1/${mount}/`.length).split('/').map(decodeURIComponent);
    const body = content.length === 0 ? {} : JSON.parse(content.toString());
    const data = route(vault, `${method} ${what}`, path, body);
    return data === undefined ? [204, undefined] : [200, { request_id: '1', data }];
  } catch (error) {
    if (error instanceof BatchRefused) return [400, { request_id: '1', data: { batch_results: error.results } }];
    if (error instanceof Refused) return [error.status, error.body];
    // Most of what Vault finds wrong by itself is an internal error to it.
    return [500, { errors: [`1 error occurred:\n\t* ${(error as Error).message}\n\n`] }];
  }
}

function performOnToken({ tokenSeconds, isRenewable }: VaultServer, request: string): object | undefined {
  if (request === 'GET /v1/auth/token/lookup-self') return { data: { ttl: tokenSeconds, renewable: isRenewable } };
  if (request !== 'POST /v1/auth/token/renew-self') return undefined;
  if (!isRenewable) throw new Refused(400, 'lease is not renewable');
  return { data: null, auth: { lease_duration: tokenSeconds, renewable: true } };
}

type Body = Record<string, unknown>;

function route(vault: VaultServer, what: string, [name = '', action]: string[], body: Body): object | undefined {
  const key = vault.keys.get(name);
  switch (action === undefined ? what : `${what} ${action}`) {
    case 'GET wrapping_key':
      return { public_key: pair().publicKey.export({ type: 'spki', format: 'pem' }) };
    case 'GET keys':
      if (key === undefined) throw new Refused(404);
      return describe(name, key);
    case 'POST keys': {
      expectFields(body, { type: 'string' });
      if (body['type'] !== 'aes256-gcm96') throw new Refused(400, `unknown key type ${body['type']}`);
      const made = key ?? newKey(randomBytes(32), { isImported: false, mayRotate: true });
      vault.keys.set(name, made);
      return describe(name, made);
    }
    case 'POST keys rotate':
      expectFields(body, {});
      if (key === undefined) throw new Refused(400, 'key not found');
      if (!key.mayRotate) throw new Error('imported key does not allow rotation within Vault');
      key.versions.push(randomBytes(32));
      return describe(name, key);
    case 'POST keys import':
      expectFields(body, { ciphertext: 'string', hash_function: 'string', type: 'string', allow_rotation: 'boolean' });
      if (key !== undefined) throw new Error('the import path cannot be used with an existing key');
      vault.keys.set(name, newKey(openImport(body), { isImported: true, mayRotate: body['allow_rotation'] === true }));
      return undefined;
    case 'POST keys import_version':
      expectFields(body, { ciphertext: 'string', hash_function: 'string' });
      if (key === undefined) throw new Error(`no key found with name ${name}`);
      if (!key.isImported) throw new Error('the import_version endpoint can only be used with an imported key');
      key.versions.push(openImport(body));
      return undefined;
    case 'POST keys config':
      expectFields(body, { deletion_allowed: 'boolean' });
      if (key === undefined) throw new Refused(400, `no existing key named ${name} could be found`);
      key.mayBeDeleted = body['deletion_allowed'] === true;
      return describe(name, key);
    case 'DELETE keys':
      if (key === undefined) throw new Refused(400, `error deleting policy ${name}: could not delete key; not found`);
      if (!key.mayBeDeleted) throw new Refused(400, `error deleting policy ${name}: deletion is not allowed`);
      vault.keys.delete(name);
      return undefined;
    case 'POST encrypt':
      return encrypt(key ?? upsert(vault, name), body);
    case 'POST decrypt':
      if (key === undefined) throw new Refused(400, 'encryption key not found');
      return decrypt(key, body);
    default:
      throw new Refused(405, 'unsupported operation');
  }
}

function newKey(material: Buffer, kind: Pick<TransitKey, 'isImported' | 'mayRotate'>): TransitKey {
  return { ...kind, versions: [material], mayBeDeleted: false, leastDecryption: 1 };
}

function upsert(vault: VaultServer, name: string): TransitKey {
  if (!vault.mayUpsert) throw new Refused(403, '1 error occurred:\n\t* permission denied\n\n');
  const key = newKey(randomBytes(32), { isImported: false, mayRotate: true });
  vault.keys.set(name, key);
  return key;
}

function describe(name: string, { versions, isImported, mayBeDeleted, mayRotate }: TransitKey): object {
  return {
    name,
    type: 'aes256-gcm96',
    latest_version: versions.length,
    deletion_allowed: mayBeDeleted,
    imported_key: isImported,
    ...(isImported ? { imported_key_allow_rotation: mayRotate } : {}),
  };
}

function expectFields(body: Body, types: Readonly<Record<string, 'string' | 'number' | 'boolean'>>): void {
  for (const [name, value] of Object.entries(body)) {
    if (typeof value !== types[name]) throw new Refused(400, `unknown field or wrong type: ${name}`);
  }
}

/** Both take one item or a batch of them. A batch with an item that is wrong is answered as a whole, with what is wrong in it. */
function perItem(body: Body, work: (item: Body) => object): object {
  if (body['batch_input'] === undefined) return work(body);
  if (Object.keys(body).length > 1) throw new Refused(400, 'besides batch_input there is nothing');
  const items = body['batch_input'] as Body[];
  if (items.length === 0) throw new Refused(400, 'missing batch input to process');
  const results = items.map((item) => {
    try {
      return work(item);
    } catch (error) {
      return { error: (error as Error).message };
    }
  });
  if (results.some((result) => 'error' in result)) throw new BatchRefused(results);
  return { batch_results: results };
}

class BatchRefused extends Error {
  readonly results: readonly object[];

  constructor(results: readonly object[]) {
    super();
    this.results = results;
  }
}

function encrypt(key: TransitKey, body: Body): object {
  return perItem(body, (item) => {
    expectFields(item, { plaintext: 'string', associated_data: 'string', key_version: 'number' });
    const version = Number(item['key_version'] ?? key.versions.length);
    const material = key.versions[version - 1];
    if (material === undefined) throw new Refused(400, 'requested version for encryption is higher than the latest');
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', material, nonce).setAAD(fromBase64(item['associated_data'] ?? ''));
    const text = Buffer.concat([
      nonce,
      cipher.update(fromBase64(item['plaintext'])),
      cipher.final(),
      cipher.getAuthTag(),
    ]);
    return { ciphertext: `vault:v${version}:${text.toString('base64')}`, key_version: version };
  });
}

function decrypt(key: TransitKey, body: Body): object {
  return perItem(body, (item) => {
    expectFields(item, { ciphertext: 'string', associated_data: 'string' });
    const [, digits, base64] = /^vault:v(\d+):(.*)$/s.exec(String(item['ciphertext'])) ?? [];
    if (digits === undefined) throw new Refused(400, 'invalid ciphertext: no prefix');
    const version = Number(digits);
    if (version > key.versions.length) throw new Refused(400, 'invalid ciphertext: version is too new');
    if (version < key.leastDecryption) {
      throw new Refused(400, 'ciphertext or signature version is disallowed by policy (too old)');
    }
    const bytes = fromBase64(base64, 'invalid ciphertext: could not decode base64');
    if (bytes.length < 28) throw new Refused(400, 'invalid ciphertext length');
    try {
      const material = key.versions[version - 1] as Buffer;
      const decipher = createDecipheriv('aes-256-gcm', material, bytes.subarray(0, 12), { authTagLength: 16 });
      decipher.setAAD(fromBase64(item['associated_data'] ?? '')).setAuthTag(bytes.subarray(-16));
      const plaintext = Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]);
      return { plaintext: plaintext.toString('base64') };
    } catch {
      throw new Refused(400, 'cipher: message authentication failed');
    }
  });
}

/** As Go's decoder, which takes standard base64 with its padding and nothing else. */
function fromBase64(text: unknown, otherwise = 'illegal base64 data'): Buffer {
  const bytes = Buffer.from(String(text), 'base64');
  if (bytes.toString('base64') !== text) throw new Refused(400, otherwise);
  return bytes;
}

function pair(): NonNullable<typeof wrappingPair> {
  wrappingPair ??= generateKeyPairSync('rsa', { modulusLength: 4096 });
  return wrappingPair;
}

function openImport({ ciphertext, hash_function: hash }: Body): Buffer {
  const bytes = fromBase64(ciphertext);
  if (hash !== 'SHA256' || bytes.length <= 512) throw new Error('provided ciphertext is too short, or of another hash');
  const padding = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' };
  const ephemeral = privateDecrypt({ key: pair().privateKey, ...padding }, bytes.subarray(0, 512));
  const unwrap = createDecipheriv('id-aes256-wrap-pad', ephemeral, Buffer.from('a65959a6', 'hex'));
  const material = Buffer.concat([unwrap.update(bytes.subarray(512)), unwrap.final()]);
  if (material.length !== 32) throw new Error(`invalid key size ${material.length} bytes for key type aes256-gcm96`);
  return material;
}
