import type { Parameter } from '../shared/parameters.ts';
import type { Page } from './fault.ts';

/** A parameter that the older page does not know: there it is not even looked at. What is read asks for the page. */
export function newerOnly<Value>(parameter: Parameter<Value>): Parameter<(page: Page) => Value | undefined> {
  return {
    ...parameter,
    rule: [parameter.rule, 'ignored on the older page'].filter(Boolean).join('; '),
    read: (value, name) => (page) => (page === 'newer' ? parameter.read(value, name) : undefined),
  };
}
