/** Pages by number, as most lists are asked for. */
import { defaulting, whole } from '../../shared/parameters.ts';
import { commonFaults } from '../common-faults.ts';
import type { Fault } from '../fault.ts';

export function pageParameters(fault: Fault = commonFaults.invalidParameter) {
  return {
    PageNumber: defaulting(whole({ least: 1, most: 10_000_000, fault }), 1),
    PageSize: defaulting(whole({ least: 1, most: 100, fault }), 10),
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
