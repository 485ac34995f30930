import type { Command } from 'commander';
import type { ApiAccessKey, ApiSecret } from '../api-tenants.ts';
import type { CliIo } from '../io.ts';
import { type Listing, printList } from '../list-things.ts';
import { formatTime, yesOrNo } from '../render/units.ts';
import { path } from '../requests.ts';
import { online } from '../session.ts';
import { addExamples } from './help.ts';
import { renderSecret } from './secrets.ts';
import { wholeNumber } from './values.ts';

const keysOf = (user: string): Listing<ApiAccessKey> => ({
  plural: 'access keys',
  path: path`/users/${user}/access-keys`,
  member: 'accessKeys',
  unpaged: true,
  columns: [
    { title: 'ID', value: ({ id }) => id },
    { title: 'DESCRIPTION', value: ({ description }) => description || '-' },
    { title: 'ENABLED', value: ({ disabled }) => yesOrNo(!disabled) },
    { title: 'LAST USED', value: ({ lastUsedAt }) => formatTime(lastUsedAt) },
    { title: 'ENDS', value: ({ expiresAt }) => formatTime(expiresAt) },
    { title: 'CREATED', value: ({ createdAt }) => formatTime(createdAt) },
  ],
});

interface OfUser {
  readonly user: string;
}

/** The keys that requests are signed with: a user's own, or by an owner those of others. */
export function addAccessKeyCommands(program: Command, io: CliIo): void {
  const accessKey = program.command('access-key').description('keys that requests are signed with');
  const userOption = ['--user <user>', 'whose, by id or name', 'self'] as const;

  addExamples(
    accessKey
      .command('list')
      .description('list the access keys of a user')
      .option(...userOption)
      .action(online(io, (session, { user }: OfUser) => printList(session, keysOf(user)))),
    ['mimeo access-key list', 'mimeo access-key list --user ci'],
  );

  addExamples(
    accessKey
      .command('create')
      .description('make an access key; its secret is shown once')
      .option(...userOption)
      .option('--description <text>', 'what it is for')
      .action(
        online(io, async ({ client, print }, { user, ...body }: OfUser & { description?: string }) => {
          const key = await client.post<ApiAccessKey & ApiSecret>(path`/users/${user}/access-keys`, body);
          print(key, renderSecret(key));
        }),
      ),
    ['mimeo access-key create', 'mimeo access-key create --user ci --description "image pipeline"'],
  );

  addExamples(
    accessKey
      .command('rotate')
      .description('make a new access key in place of this one; its secret is shown once')
      .argument('<access-key>', 'id of the old one')
      .option('--grace <seconds>', 'how long the old one still works', wholeNumber, 0)
      .action(
        online(io, async ({ client, print }, id: string, { grace }: { grace: number }) => {
          const key = await client.post<ApiAccessKey & ApiSecret>(path`/access-keys/${id}/rotate`, {
            graceSeconds: grace,
          });
          const old = grace === 0 ? `${id} does not work any more.` : `${id} still works for ${grace} seconds.`;
          print(key, `${renderSecret(key)}\n${old}`);
        }),
      ),
    ['mimeo access-key rotate MK5VQK2WJ3NB7XYTA4HD --grace 3600'],
  );

  for (const disabled of [true, false]) {
    const verb = disabled ? 'disable' : 'enable';
    addExamples(
      accessKey
        .command(verb)
        .description(disabled ? 'refuse an access key until it is enabled' : 'accept a disabled access key again')
        .argument('<access-key>', 'its id')
        .action(
          online(io, async ({ client, print }, id: string) => {
            const key = await client.patch<ApiAccessKey>(path`/access-keys/${id}`, { disabled });
            print(key, `Access key ${key.id} is ${verb}d.`);
          }),
        ),
      [`mimeo access-key ${verb} MK5VQK2WJ3NB7XYTA4HD`],
    );
  }

  addExamples(
    accessKey
      .command('delete')
      .description('delete an access key')
      .argument('<access-key>', 'its id')
      .action(
        online(io, async ({ client, printText }, id: string) => {
          await client.remove(path`/access-keys/${id}`);
          printText(`Deleted access key ${id}.`);
        }),
      ),
    ['mimeo access-key delete MK5VQK2WJ3NB7XYTA4HD'],
  );
}
