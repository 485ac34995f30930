import { type Command, Option } from 'commander';
import { keyServices, keyStates, mostDeletionDays } from '../../domain/key.ts';
import type { ApiKey, ApiKeyVersion } from '../api-keys.ts';
import type { CliIo } from '../io.ts';
import { type Listing, type ListOptions, printList } from '../list-things.ts';
import { renderFields } from '../render/table.ts';
import { formatTime, yesOrNo } from '../render/units.ts';
import { path } from '../requests.ts';
import { online } from '../session.ts';
import { addExamples } from './help.ts';
import { addKeyChangeCommands } from './key-change.ts';
import { addKeyNameCommands } from './key-names.ts';
import { addListCommand, addSetCommand, addShowCommand, type Resource } from './resource.ts';
import { addPagingOptions, repeatableChoice, wholeNumber } from './values.ts';

const keys: Resource<ApiKey> = {
  singular: 'key',
  plural: 'keys',
  path: '/keys',
  member: 'keys',
  findable: true,
  names: ({ aliases }) => aliases,
  columns: [
    { title: 'ID', value: ({ id }) => id },
    { title: 'ALIASES', value: ({ aliases }) => aliases.join(', ') || '-' },
    { title: 'REGION', value: ({ region }) => region },
    { title: 'STATE', value: ({ state }) => state },
    { title: 'VERSION', align: 'right', value: ({ version }) => version || '-' },
    { title: 'DEFAULT', value: ({ isDefault }) => yesOrNo(isDefault) },
    { title: 'DESCRIPTION', value: ({ description }) => description || '-' },
  ],
  fields: (key) => [
    ['Id', key.id],
    ['Aliases', key.aliases.join(', ') || '-'],
    ['Region', key.region],
    ['State', key.state],
    ['Material', materialOf(key)],
    ['Version', String(key.version || '-')],
    ['Default', yesOrNo(key.isDefault)],
    ['Granted to', key.grants.join(', ') || '-'],
    ['Description', key.description || '-'],
    ['Created', formatTime(key.createdAt)],
    ['Destroyed on', formatTime(key.deletionAt)],
  ],
};

function materialOf({ origin, state }: ApiKey): string {
  if (origin !== 'external') return 'made by Mimeo';
  return state === 'pending-import' ? 'to be imported' : 'imported';
}

const versionsOf = (key: string): Listing<ApiKeyVersion> => ({
  plural: 'versions',
  path: path`/keys/${key}/versions`,
  member: 'versions',
  columns: [
    { title: 'VERSION', align: 'right', value: ({ version }) => version },
    { title: 'CREATED', value: ({ createdAt }) => formatTime(createdAt) },
  ],
});

interface NewOptions {
  readonly region: string;
  readonly alias?: string;
  readonly description?: string;
  readonly external?: true;
  readonly grant?: readonly string[];
}

/** Keys that images are encrypted with: made, used by whom, taken out of use, destroyed. */
export function addKeyCommands(program: Command, io: CliIo): void {
  const key = program.command('key').description('keys that images are encrypted with, each of one region');

  addExamples(
    key
      .command('create')
      .description('make a key')
      .requiredOption('--region <region>', 'region that it is to be used in')
      .option('--alias <name>', 'what it is to be called')
      .option('--description <text>', 'what it is for')
      .option('--external', 'wait for material that you bring: mimeo key import')
      .addOption(repeatableChoice('--grant <service>', 'let this service use it: the image service', keyServices))
      .action(
        online(io, async ({ client, print }, { external, grant, ...options }: NewOptions) => {
          const wanted = { ...options, ...(external && { origin: 'external' }), ...(grant && { grants: grant }) };
          const made = await client.make<ApiKey>('/keys', wanted);
          print(made, renderFields(keys.fields(made)));
        }),
      ),
    [
      'mimeo key create --region eu-1 --alias payroll --grant images',
      'mimeo key create --region eu-1 --alias own --external',
    ],
  );

  addExamples(
    addListCommand(key, io, keys)
      .option('--region <region>', 'only those in this region')
      .addOption(repeatableChoice('--state <state>', 'only those in this state', keyStates)),
    ['mimeo key list --region eu-1', 'mimeo key list --state disabled --state pending-deletion'],
  );
  addExamples(addShowCommand(key, io, keys), ['mimeo key show payroll']);
  addExamples(addSetCommand(key, io, keys).option('--description <text>', 'what it is for'), [
    'mimeo key set payroll --description "wages since 2026"',
  ]);

  addExamples(
    addPagingOptions(key.command('versions').description("list a key's versions, newest first"))
      .argument('<key>', 'id or alias')
      .action(
        online(io, async (session, text: string, options: ListOptions) => {
          await printList(session, versionsOf(text), options);
        }),
      ),
    ['mimeo key versions payroll'],
  );

  addKeyChangeCommands(key, io);

  addExamples(
    key
      .command('delete')
      .description(
        'destroy a key after some days, and with it all that is encrypted with it; until then it cannot be used',
      )
      .argument('<key>', 'id or alias')
      .addOption(
        new Option('--days <n>', `days until then, at most ${mostDeletionDays}`).argParser(wholeNumber).default(30),
      )
      .action(
        online(io, async ({ client, print }, text: string, { days }: { readonly days: number }) => {
          const doomed = await client.post<ApiKey>(path`/keys/${text}/schedule-deletion`, { days });
          const when = formatTime(doomed.deletionAt);
          print(doomed, `Key ${text} will be destroyed on ${when}. Keep it with: mimeo key undelete ${doomed.id}`);
        }),
      ),
    ['mimeo key delete payroll --days 7'],
  );

  addKeyNameCommands(key, io);
}
