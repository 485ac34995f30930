/**
 * What is secret in this process, learnt where none can be left out: whatever goes into cryptography as a key, is encrypted or
 * decrypted in one small piece, or is made a password's hash of. A token or a nonce is kept as its hash, so every short text
 * that was hashed is a candidate, and is secret once its hash is found where things are kept.
 */
import crypto, { type BinaryLike } from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';

export interface KnownSecret {
  readonly bytes: Buffer;
  /** How it is known, for whoever has to find out which one it is. */
  readonly origin: string;
}

/** Shorter ones, and those of few different bytes, are words of tests that may stand anywhere. */
const leastBytes = 12;
const leastDifferent = 6;
/** What is longer is data. */
const mostBytes = 256;
/** Of one process, which runs one file of tests. */
const mostSecrets = 100_000;

const secrets = new Map<string, KnownSecret>();
const hashed = new Map<string, string>();
const { createHash } = crypto;

export function knownSecrets(): IterableIterator<KnownSecret> {
  return secrets.values();
}

/** For what no cryptography of this process has to do with, such as the secrets of another process. */
export function learnSecret(secret: unknown, origin: string): void {
  const bytes = bytesOf(secret);
  if (bytes === undefined) return;
  add(secrets, bytes.toString('latin1'), { bytes, origin });
}

/** Texts that were hashed, by their hashes. */
export function hashedTexts(): Map<string, string> {
  return new Map(Array.from(hashed.keys(), (text) => [createHash('sha256').update(text).digest('hex'), text]));
}

function learnHashed(data: unknown): void {
  const bytes = bytesOf(data);
  // Canonical requests and JSON, which are not kept as a hash for being secret, have line breaks or braces.
  if (bytes === undefined || /[\n{]/.test(bytes.toString('latin1'))) return;
  add(hashed, bytes.toString(), bytes.toString());
}

function add<Value>(known: Map<string, Value>, name: string, value: Value): void {
  if (known.has(name)) return;
  if (known.size >= mostSecrets) throw new Error(`one file of tests has more than ${mostSecrets} secrets; split it`);
  known.set(name, value);
}

/** A copy, since whoever has it may wipe it; undefined of what could stand anywhere, or is too long to be a secret. */
function bytesOf(secret: unknown): Buffer | undefined {
  if (typeof secret !== 'string' && !ArrayBuffer.isView(secret)) return undefined;
  const bytes =
    typeof secret === 'string'
      ? Buffer.from(secret)
      : Buffer.from(Buffer.from(secret.buffer, secret.byteOffset, secret.byteLength));
  const isOne = bytes.length >= leastBytes && bytes.length <= mostBytes && new Set(bytes).size >= leastDifferent;
  return isOne ? bytes : undefined;
}

let isWatching = false;

/** From now on the process learns its secrets. What has taken a function from `require('crypto')` before is not seen. */
export function watchCryptography(): void {
  if (isWatching) return;
  isWatching = true;
  const { createHmac, createCipheriv, createDecipheriv, scrypt } = crypto;

  const watched = {
    createHmac(...args: Parameters<typeof createHmac>) {
      learnSecret(args[1], 'the key of an HMAC');
      return createHmac(...args);
    },
    createCipheriv(...args: Parameters<typeof createCipheriv>) {
      learnSecret(args[1], 'the key of a cipher');
      return learnPieces(createCipheriv(...args), ([plain]) => learnSecret(plain, 'what was encrypted'));
    },
    createDecipheriv(...args: Parameters<typeof createDecipheriv>) {
      learnSecret(args[1], 'the key of a cipher');
      return learnPieces(createDecipheriv(...args), (_given, plain) => learnSecret(plain, 'what was decrypted'));
    },
    createHash(...args: Parameters<typeof createHash>) {
      const hash = createHash(...args);
      return args[0] === 'sha256' ? learnPieces(hash, ([data]) => learnHashed(data)) : hash;
    },
    scrypt(password: BinaryLike, ...rest: unknown[]) {
      learnSecret(password, 'a password');
      return Reflect.apply(scrypt, undefined, [password, ...rest]);
    },
  };
  Object.assign(crypto, watched);
  syncBuiltinESMExports();
}

/** `learn` is told what goes into `update`, and what comes out of it. */
function learnPieces<Transform extends object>(
  transform: Transform & { update: unknown },
  learn: (given: readonly unknown[], result: unknown) => void,
): Transform {
  const { update } = transform;
  transform.update = (...given: unknown[]) => {
    const result = Reflect.apply(update as () => unknown, transform, given);
    learn(given, result);
    return result;
  };
  return transform;
}
