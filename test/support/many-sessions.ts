import { sql } from 'kysely';
import type { Caller } from '../../src/app/context.ts';
import type { Db } from '../../src/db/database.ts';

/** Gives the user so many tokens, which nobody has, that last until `expiresAt`. */
export async function insertSessions(db: Db, user: Caller, count: number, expiresAt: number): Promise<void> {
  await sql`
    INSERT INTO sessions (id, token, name, "user", account, role, created_at, expires_at)
    SELECT gen_random_uuid(), uuid_send(gen_random_uuid()), 'one of many', ${user.userId}, ${user.accountId}, ${user.role},
           ${expiresAt - 1000}, ${expiresAt}
    FROM generate_series(1, ${count}::integer)`.execute(db);
}

/** As many as a user may have (`maxSessions` in sessions.ts). */
export const mostSessions = 10_000;
