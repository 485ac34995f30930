/**
 * Passwords as they are kept: scrypt (RFC 7914) in PHC's string format, with its costs, so that they can be raised for new ones.
 * Each takes 32 MiB while it is worked on, so there are two at a time, and others wait in a queue that has an end.
 */
import { createHash, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';
import { createTurns } from './turns.ts';

/** So many ask that an answer would come too late; they may ask again in a few seconds. */
export class PasswordsBusyError extends Error {
  constructor() {
    super('too many passwords are being checked at once; try again in a few seconds');
    this.name = 'PasswordsBusyError';
  }
}

/** Both throw {@link PasswordsBusyError} when too many ask at once, and the signal's reason when it aborts before their turn. */
export interface Passwords {
  hash(password: string, signal: AbortSignal): Promise<string>;
  /**
   * Whether `text` is the password that `hash` was made of, in a time that does not depend on the answer. Without a hash, where
   * there is no password, it takes as long.
   */
  verify(text: string, hash: string | undefined, signal: AbortSignal): Promise<boolean>;
}

/** `ln`: the binary logarithm of N. 2^15, 8, 1 take 32 MiB and less than 100 ms of a core. */
const costs = { ln: 15, r: 8, p: 1 };
const saltBytes = 16;
const hashBytes = 32;

/**
 * What no password is known to give. Should the costs be raised, the hashes that are kept have the old ones, and their users will
 * be told from nobody by the time it takes, until each has logged in and been given a new hash.
 */
const nobodys = format(Buffer.alloc(saltBytes), Buffer.alloc(hashBytes));

/** UTF-16 units of a password (`checkPassword`). */
const longest = 256;

/** A longer text is no password, and is not looked at: to normalize what anybody may send takes the square of its length. */
export function canBePassword(text: string): boolean {
  return text.length <= longest;
}

export interface PasswordsOptions {
  readonly random: (length: number) => Uint8Array;
}

export function createPasswords({ random }: PasswordsOptions): Passwords {
  const inTurn = createTurns({
    // Half of the threads that files and name look-ups need too.
    atOnce: 2,
    // The last one waits about three seconds.
    waiting: 64,
    refuse: () => new PasswordsBusyError(),
  });
  return {
    async hash(password, signal) {
      const salt = random(saltBytes);
      return format(salt, await inTurn(() => derive(password, salt, costs), signal));
    },
    async verify(text, hash = nobodys, signal) {
      const { groups } =
        /^\$scrypt\$ln=(?<ln>\d+),r=(?<r>\d+),p=(?<p>\d+)\$(?<salt>[^$]+)\$(?<key>[^$]+)$/.exec(hash) ?? {};
      if (groups === undefined) throw new Error('a password is kept in a form that this version does not know');
      if (!canBePassword(text)) return false;
      const { ln, r, p, salt = '', key = '' } = groups;
      const kept = Buffer.from(key, 'base64');
      const its = { ln: Number(ln), r: Number(r), p: Number(p) };
      const derived = await inTurn(() => derive(text, Buffer.from(salt, 'base64'), its), signal);
      return kept.length === derived.length && timingSafeEqual(kept, derived);
    },
  };
}

/** Tells one kept password from another and nothing else of it: a new one has another mark, though it be the same word. */
export function passwordMark(hash: string): string {
  return createHash('sha256').update(hash).digest('base64url');
}

function format(salt: Uint8Array, key: Uint8Array): string {
  const [saltText, keyText] = [salt, key].map((bytes) => Buffer.from(bytes).toString('base64').replace(/=+$/, ''));
  return `$scrypt$ln=${costs.ln},r=${costs.r},p=${costs.p}$${saltText}$${keyText}`;
}

function derive(password: string, salt: Uint8Array, { ln, r, p }: typeof costs): Promise<Buffer> {
  const memory = 128 * 2 ** ln * r;
  // Twice of what scrypt says that it takes: OpenSSL counts some more, and Node's default is less.
  const options: ScryptOptions = { N: 2 ** ln, r, p, maxmem: 2 * memory };
  // Keyboards and systems differ in how they compose accented letters.
  const text = password.normalize('NFC');
  return new Promise((resolve, reject) => {
    scrypt(text, salt, hashBytes, options, (error, key) => (error ? reject(error) : resolve(key)));
  });
}
