/** The machine's users, as /etc/passwd lists them. */
import { readFile } from 'node:fs/promises';

export interface User {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** Users that only a directory service, or macOS's own, knows are not among them. */
export async function listUsers(): Promise<User[]> {
  const lines = (await readFile('/etc/passwd', 'utf8')).split('\n');
  return lines
    .map((line) => line.split(':'))
    .filter((fields) => fields.length === 7)
    .map(([name = '', , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }));
}

/** The user's name for a message, with the number where the name is not known. */
export async function describeUser(uid: number): Promise<string> {
  const users = await listUsers().catch(() => []);
  return users.find((user) => user.uid === uid)?.name ?? `the user with the number ${uid}`;
}
