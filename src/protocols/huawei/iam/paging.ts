/** Pages of IAM's lists, by their numbers. */
import { whole } from '../../shared/parameters.ts';
import { plainFaults } from '../plain-faults.ts';

const fault = plainFaults[400];

/** The longest page, and so the longest list that can be had. */
export const mostPerPage = 5000;

export const pageParameters = {
  page: whole({ least: 1, most: 1_000_000, fault }),
  per_page: whole({ least: 1, most: mostPerPage, fault }),
};

interface Page {
  readonly page: number | undefined;
  readonly per_page: number | undefined;
}

export function pageOf<Item>(items: readonly Item[], { page = 1, per_page: size = mostPerPage }: Page): Item[] {
  return items.slice((page - 1) * size, page * size);
}
