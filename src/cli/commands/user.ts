import { type Command, Option } from 'commander';
import { roles } from '../../domain/principal.ts';
import type { ApiUser } from '../api-tenants.ts';
import type { CliIo } from '../io.ts';
import { formatTime, yesOrNo } from '../render/units.ts';
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
  fields: ({ id, name, role, disabled, createdAt }) => [
    ['Name', name],
    ['Role', role],
    ['Enabled', yesOrNo(!disabled)],
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
}
