/** What Alibaba Cloud says no with: rows of its error tables, exact strings, misspellings kept (docs/protocols/aliyun.md). */
import type { FaultError, FaultRow, FaultTable, Occurring } from '../shared/faults.ts';

export interface Row extends FaultRow {
  /** Of the older page, where it words it otherwise. */
  readonly older?: string;
}

export type Fault = Occurring<Row>;
export type Faults = FaultTable<Row>;

/** Which of Alibaba Cloud's two pages is kept to. */
export const pages = ['newer', 'older'] as const;
export type Page = (typeof pages)[number];

/** What the client is told, in the words of that page. */
export function messageOf({ fault, about }: Pick<FaultError<Fault>, 'fault' | 'about'>, page: Page): string {
  return wordingOf(fault, page).replaceAll('%s', () => about);
}

/** With `%s` where it quotes something. */
export function wordingOf({ message, older }: Fault, page: Page): string {
  return page === 'older' ? (older ?? message) : message;
}
