/** Lists as the API pages them: the first page, or all of them one after the other. */
import { CliError } from './cli-error.ts';
import type { Client } from './client.ts';
import { type Column, renderTable } from './render/table.ts';
import type { Query } from './requests.ts';
import type { Session } from './session.ts';

/** A kind of thing that the API lists. */
export interface Listing<Thing> {
  /** `access keys`, for people. */
  readonly plural: string;
  readonly path: string;
  /** What the answer has the things under. */
  readonly member: string;
  readonly columns: readonly Column<Thing>[];
  /** The API gives all of them at once, without pages. */
  readonly unpaged?: true;
}

/** What commander makes of a list command's options: the API's filters, and `all`. */
export interface ListOptions {
  readonly all?: true;
  readonly [filter: string]: string | readonly string[] | true | undefined;
}

/** The most that the server gives at a time. */
const wholePage = '1000';
/** A million things; a server that has more pages than this goes round in circles. */
const maxPages = 1000;

/** Prints a page of things, or with `all` every one. The options' names are those of the API's filters. */
export async function printList<Thing>(
  session: Session,
  listing: Listing<Thing>,
  options: ListOptions = {},
): Promise<void> {
  const { things, answer, more } = await readList<Thing>(session.client, listing, options);
  session.print(answer, renderList(listing, things));
  if (more) session.remark('(there are more: see all of them with --all, or narrow the list down)');
}

/** Every thing of a kind. */
export async function readAll<Thing>(client: Client, listing: Listing<Thing>): Promise<Thing[]> {
  return (await readList<Thing>(client, listing, { all: true })).things;
}

function renderList<Thing>({ plural, columns }: Listing<Thing>, things: readonly Thing[]): string {
  return things.length === 0 ? `No ${plural}.` : renderTable(columns, things);
}

async function readList<Thing>(client: Client, listing: Listing<Thing>, { all, ...filters }: ListOptions) {
  const { path, member, unpaged } = listing;
  const query = filters as Query;
  const things: Thing[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < maxPages; page++) {
    const asked = { ...query, ...(all && !unpaged && { limit: wholePage }), ...(cursor !== undefined && { cursor }) };
    const answer = await client.get<Record<string, unknown>>(path, asked);
    things.push(...(answer[member] as Thing[]));
    cursor = typeof answer['nextCursor'] === 'string' ? answer['nextCursor'] : undefined;
    const more = cursor !== undefined;
    // What was put together of several answers looks like one.
    if (!all || !more) return { things, answer: { ...answer, [member]: things }, more };
  }
  throw new CliError(`the server's list does not end after ${things.length}`);
}
