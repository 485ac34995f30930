import type { Command } from 'commander';
import type { ApiAccessKey, ApiAccount, ApiNewAccount, ApiSecret } from '../api-tenants.ts';
import type { CliIo } from '../io.ts';
import { renderFields } from '../render/table.ts';
import { formatTime, yesOrNo } from '../render/units.ts';
import { path } from '../requests.ts';
import { online } from '../session.ts';
import { addExamples } from './help.ts';
import {
  addDisableOptions,
  addListCommand,
  addSetCommand,
  addShowCommand,
  type Resource,
  withDisabled,
} from './resource.ts';
import { renderSecret } from './secrets.ts';

const accounts: Resource<ApiAccount> = {
  singular: 'account',
  plural: 'accounts',
  path: '/accounts',
  member: 'accounts',
  findable: true,
  names: ({ name, number }) => [name, number],
  columns: [
    { title: 'NUMBER', value: ({ number }) => number },
    { title: 'NAME', value: ({ name }) => name },
    { title: 'ADMINISTERS', value: ({ administers }) => yesOrNo(administers) },
    { title: 'ENABLED', value: ({ disabled }) => yesOrNo(!disabled) },
    { title: 'CREATED', value: ({ createdAt }) => formatTime(createdAt) },
  ],
  fields: ({ id, name, number, administers, disabled, createdAt }) => [
    ['Name', name],
    ['Number', number],
    ['Id', id],
    ['Administers', yesOrNo(administers)],
    ['Enabled', yesOrNo(!disabled)],
    ['Created', formatTime(createdAt)],
  ],
};

/** Accounts are the tenants. One sees and renames one's own; the account that runs the installation makes others. */
export function addAccountCommands(program: Command, io: CliIo): void {
  const account = program.command('account').description('tenants: each has images, users and quotas of its own');
  addExamples(addListCommand(account, io, accounts), ['mimeo account list']);

  addExamples(
    account
      .command('create')
      .description('make an account and its first owner, whose access key is shown once')
      .argument('<name>', 'what it is to be called')
      .action(
        online(io, async ({ client, print }, name: string) => {
          const made = await client.post<ApiNewAccount>('/accounts', { name });
          const text = renderFields([...accounts.fields(made.account), ['Owner', made.owner.name]]);
          print(made, `${text}\n\n${renderSecret(made.accessKey)}`);
        }),
      ),
    ['mimeo account create acme', 'mimeo account create acme --json > acme.json'],
  );

  addExamples(addShowCommand(account, io, accounts), [
    'mimeo account show self',
    'mimeo account show 1234567890123456',
  ]);

  const set = addSetCommand(account, io, accounts, withDisabled).option('--name <name>', 'what it is to be called');
  addDisableOptions(set, 'its keys, tokens and queued copies');
  addExamples(set, ['mimeo account set acme --name acme-labs', 'mimeo account set acme --disable']);

  addExamples(
    account
      .command('recover-key')
      .description("make an access key for an account's owner who has lost theirs; it is shown once")
      .argument('<account>', 'id, number or name')
      .option('--user <user>', 'which user (default: the first owner)')
      .action(
        online(io, async ({ client, print }, account: string, body: { user?: string }) => {
          const key = await client.post<ApiAccessKey & ApiSecret>(path`/accounts/${account}/access-keys`, body);
          print(key, renderSecret(key));
        }),
      ),
    ['mimeo account recover-key acme', 'mimeo account recover-key acme --user anna'],
  );
}
