/**
 * Commands that are alike for every kind of thing that the API keeps: list, show, create, set, delete. Each returns its
 * command, to which the caller adds what is its own: options, named as the API's fields are, and examples.
 */
import { type Command, Option } from 'commander';
import { CliError } from '../cli-error.ts';
import type { Client } from '../client.ts';
import { exitCodes } from '../exit-codes.ts';
import type { CliIo } from '../io.ts';
import { type Listing, type ListOptions, printList, readAll } from '../list-things.ts';
import { type Field, renderFields } from '../render/table.ts';
import { path } from '../requests.ts';
import { online } from '../session.ts';
import { addPagingOptions } from './values.ts';

/** What the command line has to know of a kind of thing. */
export interface Resource<Thing extends { readonly id: string }> extends Listing<Thing> {
  /** `resource group`, for people; with a hyphen it is the command's name. */
  readonly singular: string;
  /** What one answers to, besides its id. */
  readonly names: (thing: Thing) => readonly string[];
  readonly fields: (thing: Thing) => readonly Field[];
  /** The API finds one by its names itself; otherwise it is looked for in the list. */
  readonly findable?: true;
}

type Values = Readonly<Record<string, unknown>>;

export function addListCommand<Thing>(parent: Command, io: CliIo, listing: Listing<Thing>, name = 'list'): Command {
  const list = parent
    .command(name)
    .description(`list the ${listing.plural}`)
    .action(online(io, (session, options: ListOptions) => printList(session, listing, options)));
  return listing.unpaged ? list : addPagingOptions(list);
}

export function addShowCommand<Thing extends { readonly id: string }>(
  parent: Command,
  io: CliIo,
  resource: Resource<Thing>,
): Command {
  return parent
    .command('show')
    .description(`show all there is to know about ${one(resource)}`)
    .argument(`<${nounOf(resource)}>`, 'id or name')
    .action(
      online(io, async ({ client, print }, text: string) => {
        const found = await findThing(client, resource, text);
        print(found, renderFields(resource.fields(found)));
      }),
    );
}

/** `toBody` makes the request's body of name and options, where it is not simply these. */
export function addCreateCommand<Thing extends { readonly id: string }>(
  parent: Command,
  io: CliIo,
  resource: Resource<Thing>,
  toBody: (options: Values) => object = (options) => options,
): Command {
  return parent
    .command('create')
    .description(`make ${one(resource)}`)
    .argument('<name>', 'what it is to be called')
    .action(
      online(io, async ({ client, print }, name: string, options: Values) => {
        const made = await client.make<Thing>(resource.path, { name, ...toBody(options) });
        print(made, renderFields(resource.fields(made)));
      }),
    );
}

export function addSetCommand<Thing extends { readonly id: string }>(
  parent: Command,
  io: CliIo,
  resource: Resource<Thing>,
  toChange: (options: Values) => object = (options) => options,
): Command {
  return parent
    .command('set')
    .description(`change ${one(resource)}; what is not named stays`)
    .argument(`<${nounOf(resource)}>`, 'id or name')
    .action(
      online(io, async ({ client, print }, text: string, options: Values) => {
        const change = toChange(options);
        refuseNoChange(change);
        const { id } = await findThing(client, resource, text);
        const changed = await client.patch<Thing>(pathOf(resource, id), change);
        print(changed, renderFields(resource.fields(changed)));
      }),
    );
}

export function addDeleteCommand<Thing extends { readonly id: string }>(
  parent: Command,
  io: CliIo,
  resource: Resource<Thing>,
): Command {
  return parent
    .command('delete')
    .description(`delete ${one(resource)}`)
    .argument(`<${nounOf(resource)}>`, 'id or name')
    .action(
      online(io, async ({ client, printText }, text: string) => {
        const { id } = await findThing(client, resource, text);
        await client.remove(pathOf(resource, id));
        printText(`Deleted ${resource.singular} ${text === id ? id : `${text} (${id})`}.`);
      }),
    );
}

/** `--disable` and `--enable` as the field `disabled`, in what `addSetCommand` sends. */
export function withDisabled({ enable, disable, ...others }: Values): object {
  return { ...others, ...((enable === true || disable === true) && { disabled: disable === true }) };
}

export function addDisableOptions(command: Command, what: string): Command {
  return command
    .addOption(new Option('--disable', `refuse ${what} until it is enabled`).conflicts('enable'))
    .option('--enable', `accept ${what} again`);
}

export function refuseNoChange(change: object): void {
  if (Object.keys(change).length > 0) return;
  throw new CliError('there is nothing to change', {
    exitCode: exitCodes.usage,
    advice: 'name what is to be different with an option; --help lists them',
  });
}

/** The one thing that `text` names. */
export async function findThing<Thing extends { readonly id: string }>(
  client: Client,
  resource: Resource<Thing>,
  text: string,
): Promise<Thing> {
  if (resource.findable) return client.get<Thing>(pathOf(resource, text));
  const things = await readAll(client, resource);
  const matches = things.filter((thing) => thing.id === text || resource.names(thing).includes(text));
  const [first, ...others] = matches;
  if (first === undefined) {
    throw new CliError(`there is no ${resource.singular} "${text}"`, {
      exitCode: exitCodes.notFound,
      advice: `see the ${resource.plural} with: mimeo ${nounOf(resource)} list`,
    });
  }
  if (others.length === 0) return first;
  throw new CliError(`${matches.length} ${resource.plural} are called "${text}"`, {
    exitCode: exitCodes.usage,
    advice: `give the id of the one you mean: ${matches.map(({ id }) => id).join(', ')}`,
  });
}

/** The command's name, and what its usage calls the argument. */
function nounOf({ singular }: { readonly singular: string }): string {
  return singular.replaceAll(' ', '-');
}

/** With its article. */
function one({ singular }: { readonly singular: string }): string {
  return `${/^[aeio]/.test(singular) ? 'an' : 'a'} ${singular}`;
}

function pathOf(listing: { readonly path: string }, id: string): string {
  return `${listing.path}${path`/${id}`}`;
}
