import { type Db, isUnavailable } from '../db/database.ts';
import { withTimeLimit } from '../db/time-limit.ts';
import { FailureError } from '../domain/failure.ts';

/** A list takes some milliseconds; one that takes longer than clients wait would keep a connection from everybody else. */
export const listLimitMs = 10_000;

/** By the database it limits: making one costs as much as the list does. */
const limited = new WeakMap<Db, Db>();

function limitedOf(db: Db): Db {
  const known = limited.get(db);
  if (known !== undefined) return known;
  const made = withTimeLimit(db, listLimitMs);
  limited.set(db, made);
  return made;
}

/** What `read` finds with the database that it is given, which fails with `database-unavailable` where it takes too long. */
export async function readList<Result>(db: Db, read: (db: Db) => Promise<Result>): Promise<Result> {
  try {
    return await read(limitedOf(db));
  } catch (cause) {
    if (!isUnavailable(cause)) throw cause;
    throw new FailureError('database-unavailable', 'the database does not answer: try again, or ask for less', {
      cause,
    });
  }
}
