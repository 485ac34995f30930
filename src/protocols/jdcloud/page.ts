/** What is known of JD Cloud at two times: `older`, its pages of 2021 and 2022, and `newer`, its API 1.6.1 of 2024. */
import type { Parameter } from '../shared/parameters.ts';

export const pages = ['newer', 'older'] as const;
export type Page = (typeof pages)[number];

/** A parameter that the older page ignores. It reads a function of the page, which only the operation knows. */
export function newerOnly<Value>(parameter: Parameter<Value>): Parameter<(page: Page) => Value | undefined> {
  return {
    ...parameter,
    rule: [parameter.rule, 'ignored on the older page'].filter(Boolean).join('; '),
    read: (value, name) => (page) => (page === 'newer' ? parameter.read(value, name) : undefined),
  };
}
