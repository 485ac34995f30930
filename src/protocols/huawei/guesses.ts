/**
 * How often secrets may be guessed. What is wrong counts by the network that it comes from, so nobody locks somebody else out
 * with a handful of requests; against guesses from many networks a password has a further bound, over all of them.
 */
import { createHash } from 'node:crypto';
import type { UserName } from '../../app/authenticate.ts';
import type { Clock } from '../../lib/clock.ts';
import { createLockouts } from '../../lib/lockouts.ts';
import { createSlots } from '../../lib/slots.ts';

/** More than these in a row lock, for so long (reference §1.7). */
const most = 5;
const lockMs = 5 * 60_000;

/** Of a user's password, from all networks: seventeen of them have to guess to lock it for the others. */
const mostOfAll = 100;

/** Passwords of one network that are looked at, or wait, at once: a small part of all that can (`passwords.ts`). */
const mostAtOnce = 4;

/** As they stand for the network that a request comes from. */
export interface Guesses {
  /** Of access keys that there are; of others there is nothing to guess. */
  isKeyLocked(id: string): boolean;
  noteWrongKey(id: string): void;
  /** What counts is how many are wrong in a row. */
  noteRightKey(id: string): void;
  /**
   * Counts a guess at a user's password, and right ones in between do not make it forget: people's passwords can be guessed.
   * What it returns takes the guess back that was right or was not looked at. Undefined: there were too many.
   */
  beginPassword(userId: string | undefined, name: UserName): (() => void) | undefined;
  /** Takes a place for a password that is to be looked at, which what it returns gives back; undefined: there is none. */
  takePlace(): (() => void) | undefined;
}

export function createGuesses(clock: Clock): (network: string) => Guesses {
  const options = { lockMs, clock };
  const keys = createLockouts(options);
  const users = createLockouts(options);
  // They are locked likewise, lest that tells who is there; but made-up names must not push out what is counted of users.
  const nobodies = createLockouts(options);
  const places = createSlots();
  return (network) => {
    const here = (key: string) => `${key} ${network}`;
    return {
      isKeyLocked: (id) => keys.isLocked(here(id)),
      noteWrongKey: (id) => void keys.attempt({ key: here(id), most }),
      noteRightKey: (id) => keys.forgive(here(id)),
      beginPassword(userId, name) {
        const key = userId ?? hashOf(name);
        const lockouts = userId === undefined ? nobodies : users;
        return lockouts.attempt({ key: here(key), most }, { key, most: mostOfAll });
      },
      takePlace: () => places.take({ holder: network, most: mostAtOnce }),
    };
  };
}

/** Of one length, whatever somebody says. */
function hashOf({ account = '', user }: UserName): string {
  return createHash('sha256')
    .update(JSON.stringify([account, user]))
    .digest('base64url');
}
