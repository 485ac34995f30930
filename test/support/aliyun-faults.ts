/** Error tables against what the server really says. A row that can occur and that nothing provokes does not compile. */
import { expect } from 'vitest';
import type { Fault, Faults, Page } from '../../src/protocols/aliyun/fault.ts';
import type { TestAliyun } from './aliyun-api.ts';
import type { AliyunAnswer, AliyunError } from './aliyun-client.ts';
import { wordingOf } from './published-faults.ts';

/** The names of the rows that can occur. */
export type Occurring<Table extends Faults> = {
  [Name in keyof Table]: Table[Name] extends Fault ? Name : never;
}[keyof Table];

export type Provoke = (aliyun: TestAliyun) => Promise<AliyunAnswer<AliyunError>>;

/** What makes the server say each of them. */
export type Provocations<Table extends Faults> = { readonly [Name in Occurring<Table>]: Provoke };

export interface ProvokedRow {
  readonly name: string;
  readonly fault: Fault;
  readonly provoke: Provoke;
}

export function rowsOf<Table extends Faults>(table: Table, provocations: Provocations<Table>): ProvokedRow[] {
  return Object.entries<Provoke>(provocations).map(([name, provoke]) => ({
    name,
    provoke,
    fault: table[name] as Fault,
  }));
}

/** Code, status and the page's wording, in which anything may stand for `%s`. */
export function expectFault({ status, body }: AliyunAnswer<AliyunError>, fault: Fault, page: Page = 'newer'): void {
  expect({ status, code: body.Code }).toEqual({ status: fault.status, code: fault.code });
  expect(body.Message).toMatch(wordingOf(fault, page));
}
