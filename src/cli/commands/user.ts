import { type Command, Option } from 'commander';
import { roles } from '../../domain/principal.ts';
import type { ApiUser } from '../api-tenants.ts';
import { ask } from '../ask.ts';
import { CliError } from '../cli-error.ts';
import { exitCodes } from '../exit-codes.ts';
import type { CliIo } from '../io.ts';
import { formatTime, yesOrNo } from '../render/units.ts';
import { path } from '../requests.ts';
import { online } from '../session.ts';
import { addExamples } from './help.ts';
import {
  addCreateCommand,
  addDeleteCommand,
  addDisableOptions,
  addListCommand,
  addSetCommand,
  addShowCommand,
  type Resource,
  withDisabled,
} from './resource.ts';

const users: Resource<ApiUser> = {
  singular: 'user',
  plural: 'users',
  path: '/users',
  member: 'users',
  findable: true,
  names: ({ name }) => [name],
  columns: [
    { title: 'NAME', value: ({ name }) => name },
    { title: 'ROLE', value: ({ role }) => role },
    { title: 'ENABLED', value: ({ disabled }) => yesOrNo(!disabled) },
    { title: 'CREATED', value: ({ createdAt }) => formatTime(createdAt) },
    { title: 'ID', value: ({ id }) => id },
  ],
  fields: ({ id, name, role, disabled, hasPassword, createdAt }) => [
    ['Name', name],
    ['Role', role],
    ['Enabled', yesOrNo(!disabled)],
    ['Password', yesOrNo(hasPassword)],
    ['Created', formatTime(createdAt)],
    ['Id', id],
  ],
};

export function addUserCommands(program: Command, io: CliIo): void {
  const user = program.command('user').description('people and programs of the account, and what they may do');
  const roleOption = () => new Option('--role <role>', 'what the user may do').choices(roles);

  addExamples(addListCommand(user, io, users), ['mimeo user list']);
  addExamples(addCreateCommand(user, io, users).addOption(roleOption().makeOptionMandatory()), [
    'mimeo user create anna --role operator',
    'mimeo user create ci --role viewer',
  ]);
  addExamples(addShowCommand(user, io, users), ['mimeo user show anna', 'mimeo user show self']);
  const set = addSetCommand(user, io, users, withDisabled)
    .option('--name <name>', 'what it is to be called')
    .addOption(roleOption());
  addDisableOptions(set, 'its keys and tokens');
  addExamples(set, ['mimeo user set anna --role owner', 'mimeo user set ci --disable']);
  addExamples(addDeleteCommand(user, io, users), ['mimeo user delete anna']);
  addPasswordCommands(user, io);
}

/** Passwords are for clients of the dialects that log in by one; the command line itself signs with a key. */
function addPasswordCommands(user: Command, io: CliIo): void {
  addExamples(
    user
      .command('set-password')
      .description(
        'set the password that clients of other clouds log in by; it is asked for, or read from standard input',
      )
      .argument('<user>', 'id or name')
      .action(
        online(io, async ({ client, printText }, name: string) => {
          await client.put(path`/users/${name}/password`, { password: await askNewPassword(io) });
          printText(`User ${name} has the new password. What was logged in by the old one is logged out.`);
        }),
      ),
    ['mimeo user set-password anna', 'mimeo user set-password ci < password'],
  );

  addExamples(
    user
      .command('remove-password')
      .description("take a user's password away; what was logged in by it is logged out")
      .argument('<user>', 'id or name')
      .action(
        online(io, async ({ client, printText }, name: string) => {
          await client.remove(path`/users/${name}/password`);
          printText(`User ${name} has no password any more.`);
        }),
      ),
    ['mimeo user remove-password anna'],
  );
}

/** A person types it twice, since nobody sees what is typed. */
async function askNewPassword(io: CliIo): Promise<string> {
  const password = await ask(io, 'new password', { hidden: true, verbatim: true });
  if (!io.stdin.isTTY || (await ask(io, 'once more', { hidden: true, verbatim: true })) === password) return password;
  throw new CliError('the two are not the same', { exitCode: exitCodes.usage, advice: 'run the command again' });
}
