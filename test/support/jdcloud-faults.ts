/** Error tables of JD Cloud's dialect against what the server really says. */
import { expect } from 'vitest';
import { type Fault, type Faults, messageOf } from '../../src/protocols/jdcloud/fault.ts';
import { type Provocations as ProvocationsOf, patternOf } from './fault-tables.ts';
import type { TestJdcloud } from './jdcloud-api.ts';
import type { JdcloudAnswer } from './jdcloud-client.ts';

// biome-ignore lint/suspicious/noExplicitAny: an answer that is no error has any shape.
export type Provocations<Table extends Faults> = ProvocationsOf<Table, TestJdcloud, JdcloudAnswer<any>>;

/** The whole envelope of an error (reference §1.4), in whose message anything may stand for `%s` unless `about` says what. */
export function expectFault({ status, headers, body }: JdcloudAnswer<unknown>, fault: Fault, about?: string): void {
  const message = about === undefined ? expect.stringMatching(patternOf(fault.message)) : messageOf({ fault, about });
  expect({ status, body }).toEqual({
    status: fault.status,
    body: { requestId: headers['x-jdcloud-request-id'], error: { code: fault.status, status: fault.code, message } },
  });
  expect(headers['x-jdcloud-request-id']).toMatch(/^[0-9a-f]{32}$/);
  expect(headers['content-type']).toBe('application/json; charset=utf-8');
}
