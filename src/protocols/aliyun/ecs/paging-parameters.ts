/** Pages by number, as most lists are asked for. */
import { commonFaults } from '../common-faults.ts';
import type { Fault } from '../fault.ts';
import { whole } from '../parameters.ts';

export function pageParameters(fault: Fault = commonFaults.invalidParameter) {
  return {
    PageNumber: whole({ least: 1, most: 10_000_000, otherwise: 1, fault }),
    PageSize: whole({ least: 1, most: 100, otherwise: 10, fault }),
  };
}

export interface PageWanted {
  readonly PageNumber: number;
  readonly PageSize: number;
}

/** How many things come before the page. */
export function offsetOf({ PageNumber, PageSize }: PageWanted): number {
  return (PageNumber - 1) * PageSize;
}

/** The page of a list that is there as a whole. */
export function pageOf<Item>(all: readonly Item[], wanted: PageWanted): readonly Item[] {
  const offset = offsetOf(wanted);
  return all.slice(offset, offset + wanted.PageSize);
}
