/** Error tables of Alibaba Cloud's dialect against what the server really says. */
import { expect } from 'vitest';
import { type Fault, type Faults, type Page, wordingOf } from '../../src/protocols/aliyun/fault.ts';
import type { TestAliyun } from './aliyun-api.ts';
import type { AliyunAnswer, AliyunError } from './aliyun-client.ts';
import { type Provocations as ProvocationsOf, patternOf } from './fault-tables.ts';

/** What makes the server say each row that can occur. */
export type Provocations<Table extends Faults> = ProvocationsOf<Table, TestAliyun, AliyunAnswer<AliyunError>>;

/** Code, status and the page's wording, in which anything may stand for `%s`. */
export function expectFault({ status, body }: AliyunAnswer<AliyunError>, fault: Fault, page: Page = 'newer'): void {
  expect({ status, code: body.Code }).toEqual({ status: fault.status, code: fault.code });
  expect(body.Message).toMatch(patternOf(wordingOf(fault, page)));
}
