/** Parameters that operations of every kind have: lists of ids, and pages by number. */
import { defaulting } from '../shared/parameters.ts';
import type { Faults } from './fault.ts';
import { text, texts, whole } from './parameters.ts';

/** In a query `ids.1=…&ids.2=…`. As many as a page has images at most. */
export const ids = texts(text(), 100);

/** The row that the tables of lists have for it. */
export const pagingFaults = {
  pageSizeInvalid: {
    status: 400,
    code: 'OUT_OF_RANGE',
    message: 'PageSize out of range',
    when: 'pageSize is no number that its rule allows',
  },
} as const satisfies Faults;

export const pageNumber = defaulting(whole({ least: 1, most: 10_000_000 }), 1);

/** As nearly all lists have it. */
export const pageSize = defaulting(whole({ least: 10, most: 100 }, pagingFaults.pageSizeInvalid), 20);

export interface PageWanted {
  readonly pageNumber: number;
  readonly pageSize: number;
}

/** How many things come before the page. */
export function offsetOf({ pageNumber, pageSize }: PageWanted): number {
  return (pageNumber - 1) * pageSize;
}
