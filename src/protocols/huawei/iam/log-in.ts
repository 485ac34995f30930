/** Logging in by what the body says: a password, or an access key with its secret. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { findPassword, findSigningKey, type UserName } from '../../../app/authenticate.ts';
import type { Principal } from '../../../domain/principal.ts';
import { canBePassword, PasswordsBusyError } from '../../../lib/passwords.ts';
import { FaultError } from '../../shared/faults.ts';
import type { Guesses } from '../guesses.ts';
import type { HuaweiContext } from '../operation.ts';
import { tokenFaults } from './token-faults.ts';

/** What of a request it takes. */
export interface LogIn {
  readonly context: HuaweiContext;
  readonly guesses: Guesses;
  readonly signal: AbortSignal;
  demandFewFailures(): Promise<void>;
}

export async function logInByPassword(request: LogIn, name: UserName, password: string): Promise<Principal> {
  // Nothing is looked at, so it is no guess.
  if (!canBePassword(password)) throw new FaultError(tokenFaults.passwordWrong);
  await request.demandFewFailures();
  const leave = request.guesses.takePlace();
  if (leave === undefined) throw new FaultError(tokenFaults.busy);
  try {
    return await guess(request, name, password);
  } finally {
    leave();
  }
}

async function guess({ context, guesses, signal }: LogIn, name: UserName, password: string): Promise<Principal> {
  const { userId, prove } = await findPassword(context, name);
  const takeBack = guesses.beginPassword(userId, name);
  if (takeBack === undefined) throw new FaultError(tokenFaults.locked);
  const principal = await prove(password, signal).catch((error: unknown) => {
    takeBack();
    throw error instanceof PasswordsBusyError ? new FaultError(tokenFaults.busy, '', { cause: error }) : error;
  });
  if (principal === undefined) throw new FaultError(tokenFaults.passwordWrong);
  takeBack();
  return principal;
}

/** Wrong secrets count together with wrong signatures of the key. */
export async function logInByKey(
  { context, guesses, demandFewFailures }: LogIn,
  { id, secret }: { readonly id: string; readonly secret: string },
): Promise<Principal> {
  await demandFewFailures();
  const key = await findSigningKey(context, id, undefined);
  if (key === undefined) throw new FaultError(tokenFaults.keyWrong);
  if (guesses.isKeyLocked(id)) throw new FaultError(tokenFaults.locked);
  if (!isSame(key.secret, secret)) {
    guesses.noteWrongKey(id);
    throw new FaultError(tokenFaults.keyWrong);
  }
  guesses.noteRightKey(id);
  key.noteUse();
  return key.principal;
}

/** In a time that does not depend on where they differ. */
function isSame(one: string, other: string): boolean {
  const [a, b] = [one, other].map((text) => createHash('sha256').update(text).digest()) as [Buffer, Buffer];
  return timingSafeEqual(a, b);
}
