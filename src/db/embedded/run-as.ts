/** PostgreSQL refuses to run as root, so that root needs somebody to run it as. */
import { stat } from 'node:fs/promises';
import { listUsers, type User } from '../../lib/users.ts';
import { EmbeddedPostgresError } from './errors.ts';
import { runProgram } from './program.ts';

/**
 * Whom to run PostgreSQL as; undefined if we are not root: as ourselves. The owner of the cluster, once there is one,
 * otherwise `postgres`, otherwise `nobody`, who is on every machine.
 */
export async function chooseUser(cluster: string): Promise<User | undefined> {
  if (process.geteuid?.() !== 0) return undefined;
  const users = await listUsers();
  const owner = await stat(cluster).catch(() => undefined);
  if (owner && owner.uid !== 0) {
    return users.find((user) => user.uid === owner.uid) ?? { name: `#${owner.uid}`, uid: owner.uid, gid: owner.gid };
  }
  const user = ['postgres', 'nobody'].flatMap((name) => users.find((other) => other.name === name) ?? [])[0];
  if (user) return user;
  throw new EmbeddedPostgresError(
    'cannot-run',
    'PostgreSQL does not run as root, and this machine has no user named postgres or nobody to run it as: ' +
      'start Mimeo as an ordinary user, or name a PostgreSQL server in DATABASE_URL',
  );
}

/** Whether `user` may pass through `folder` and all that are above it. */
export async function canPassThrough(user: User, folder: string): Promise<boolean> {
  return runProgram('test', ['-x', folder], { runAs: user }).then(
    () => true,
    () => false,
  );
}
