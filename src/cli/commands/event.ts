import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { retry } from '../../lib/retry.ts';
import type { ApiEvent } from '../api-events.ts';
import { UnreachableError } from '../http.ts';
import type { CliIo } from '../io.ts';
import { type Listing, type ListOptions, printList } from '../list-things.ts';
import { formatMoment } from '../render/units.ts';
import type { Query } from '../requests.ts';
import { online, type Session } from '../session.ts';
import { addExamples } from './help.ts';
import { addPagingOptions, moment } from './values.ts';

const events: Listing<ApiEvent> = {
  plural: 'events',
  path: '/events',
  member: 'events',
  columns: [
    { title: 'AT', value: ({ at }) => formatMoment(at) },
    { title: 'TYPE', value: ({ type }) => type },
    { title: 'OUTCOME', value: ({ outcome }) => outcome },
    { title: 'BY', value: ({ actor }) => actor.name },
    { title: 'REGION', value: ({ region }) => region ?? '-' },
    { title: 'RESOURCE', value: ({ resource }) => `${resource.type} ${resource.id}` },
  ],
};

/** Milliseconds between two looks of `--follow`. */
const followInterval = 1000;
/** How many events before now `--follow` begins with. */
const followBacklog = '10';

interface FollowOptions extends ListOptions {
  readonly follow?: true;
}

/** `mimeo event list`, and `mimeo events` for short. */
export function addEventCommands(program: Command, io: CliIo): void {
  const event = program.command('event').description('what happened: who did what to which thing, with what outcome');
  addEventList(event.command('list'), io, 'mimeo event list');
  addEventList(program.command('events'), io, 'mimeo events');
}

function addEventList(list: Command, io: CliIo, name: string): void {
  addPagingOptions(list)
    .description('list events, newest first, or follow them')
    .option('--type <type>', 'only those of this type: image.delete, copy.succeeded …')
    .option('--resource <id>', 'only those of this image, copy, user …')
    .option('--actor <id>', 'only what this user did, by its id')
    .option('--outcome <outcome>', 'only those that ended so: succeeded, or the code of a refusal')
    .option('--since <time>', 'only those from then on, 2026-11-21 for instance', moment)
    .option('--until <time>', 'only those before then', moment)
    .option('--follow', 'begin with the last ten, and go on until Ctrl-C')
    .action(
      online(io, (session, { follow, ...options }: FollowOptions) =>
        follow ? followEvents(session, options) : printList(session, events, options),
      ),
    );
  addExamples(list, [
    `${name} --type copy.failed --since 2026-11-01T00:00:00Z`,
    `${name} --follow`,
    `${name} --outcome forbidden --json`,
  ]);
}

/** One line an event, oldest first; with `--json` one JSON a line. Ends with an interrupt. */
async function followEvents({ io, client, signal, printLine }: Session, { all: _, limit, ...options }: ListOptions) {
  const filters = options as Query;
  const read = (query: Query) =>
    retry(() => client.get<{ events: ApiEvent[] }>(events.path, { ...filters, ...query }), {
      // A server that is being restarted is back within seconds.
      attempts: 6,
      firstDelay: 500,
      isRetryable: (error) => error instanceof UnreachableError,
      signal,
    });
  const newest = await read({ limit: (limit as string | undefined) ?? followBacklog });
  let fresh = newest.events.toReversed();
  let last = 0;
  let isRead = true;
  // `mimeo events --follow | head`: the reader has seen enough.
  io.stdout.once('error', () => {
    isRead = false;
  });
  while (isRead) {
    for (const event of fresh) printLine(event, describe(event));
    last = fresh.at(-1)?.id ?? last;
    await sleep(followInterval, undefined, { signal });
    fresh = (await read({ after: String(last) })).events;
  }
}

function describe({ at, type, outcome, actor, resource, region }: ApiEvent): string {
  const where = region === null ? '' : ` in ${region}`;
  return `${formatMoment(at)}  ${type} ${outcome}: ${resource.type} ${resource.id}${where}, by ${actor.name}`;
}
