import { type Command, InvalidArgumentError, Option } from 'commander';
import { roles } from '../../domain/principal.ts';
import type { ApiNewSession, ApiSession } from '../api-tenants.ts';
import type { CliIo } from '../io.ts';
import type { Listing } from '../list-things.ts';
import { type Field, renderFields } from '../render/table.ts';
import { formatTime } from '../render/units.ts';
import { path } from '../requests.ts';
import { online } from '../session.ts';
import { addExamples } from './help.ts';
import { addListCommand } from './resource.ts';
import { wholeNumber } from './values.ts';

const sessions: Listing<ApiSession> = {
  plural: 'sessions',
  path: '/sessions',
  member: 'sessions',
  columns: [
    { title: 'ID', value: ({ id }) => id },
    { title: 'NAME', value: ({ name }) => name || '-' },
    { title: 'ROLE', value: ({ role }) => role },
    { title: 'USER', value: ({ user }) => user ?? '-' },
    { title: 'AGENCY', value: ({ agency }) => agency ?? '-' },
    { title: 'CREATED', value: ({ createdAt }) => formatTime(createdAt) },
    { title: 'ENDS', value: ({ expiresAt }) => formatTime(expiresAt) },
  ],
};

interface NewOptions {
  readonly name?: string;
  readonly seconds?: number;
  readonly role?: string;
  readonly credentials?: true;
  readonly agency?: { readonly account: string; readonly name: string };
}

/** Tokens and temporary credentials: the rights of whoever makes them or less, for a while. */
export function addSessionCommands(program: Command, io: CliIo): void {
  const session = program.command('session').description('tokens and temporary credentials, which end by themselves');
  addExamples(addListCommand(session, io, sessions), ['mimeo session list']);

  addExamples(
    session
      .command('create')
      .description('make a token; it is shown once')
      .option('--name <name>', 'what it is for')
      .option('--seconds <n>', 'how long it is good for', wholeNumber)
      .addOption(new Option('--role <role>', 'no more rights than this').choices(roles))
      .option('--credentials', 'also an access key and secret, for clients that sign')
      .option('--agency <account/name>', "act in another account, by its agency that trusts one's own", agency)
      .action(
        online(io, async ({ client, print }, options: NewOptions) => {
          const made = await client.post<ApiNewSession>('/sessions', options);
          print(made, `${renderFields(fieldsOf(made))}\n\nThe token is not shown again.`);
        }),
      ),
    [
      'mimeo session create --name "image pipeline" --seconds 3600 --role operator',
      'mimeo session create --agency acme/partner --credentials --json',
    ],
  );

  addExamples(
    session
      .command('delete')
      .description('end a session: its token and credentials are refused from now on')
      .argument('<session>', 'its id')
      .action(
        online(io, async ({ client, printText }, id: string) => {
          await client.remove(path`/sessions/${id}`);
          printText(`Ended session ${id}.`);
        }),
      ),
    ['mimeo session delete 0f9c4a1e-54b5-4d0c-8a3e-5be0f6b8d0b1'],
  );
}

function fieldsOf({ id, name, role, expiresAt, token, accessKey }: ApiNewSession): Field[] {
  return [
    ['Id', id],
    ['Name', name || '-'],
    ['Role', role],
    ['Ends', formatTime(expiresAt)],
    ['Token', token],
    ...(accessKey === undefined
      ? []
      : ([
          ['Access key', accessKey.id],
          ['Secret', accessKey.secret],
        ] as const)),
  ];
}

function agency(text: string): { account: string; name: string } {
  const [account, name, ...rest] = text.split('/');
  if (!account || !name || rest.length > 0) throw new InvalidArgumentError('It is ACCOUNT/NAME.');
  return { account, name };
}
