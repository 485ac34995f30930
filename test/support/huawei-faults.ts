/** Error tables of Huawei's dialect against what the server really says. */
import { STATUS_CODES } from 'node:http';
import { expect } from 'vitest';
import {
  type Fault,
  type Faults,
  messageOf,
  type Site,
  statusOf,
  wordingOf,
} from '../../src/protocols/huawei/fault.ts';
import type { ServiceName } from '../../src/protocols/huawei/operation.ts';
import { type Provocations as ProvocationsOf, patternOf } from './fault-tables.ts';
import type { TestHuawei } from './huawei-api.ts';
import type { HuaweiAnswer } from './huawei-client.ts';

// biome-ignore lint/suspicious/noExplicitAny: each layer's errors are of a shape of their own.
type AnyAnswer = HuaweiAnswer<any>;

/** What makes the server say each row that can occur. */
export type Provocations<Table extends Faults> = ProvocationsOf<Table, TestHuawei, AnyAnswer>;

export interface Saying {
  /** Whose operation it was; undefined: nobody's. */
  readonly service: ServiceName | undefined;
  readonly site?: Site;
  /** What `%s` is; anything by default. */
  readonly about?: string;
}

/** Status, content type and body as the layer has them (reference §9.1), and nothing else in it. */
export function expectFault(
  { status, headers, body }: HuaweiAnswer<unknown>,
  fault: Fault,
  { service, site = 'huawei', about }: Saying,
): void {
  const code = statusOf(fault, site);
  const title = STATUS_CODES[code];
  const message =
    about === undefined ? expect.stringMatching(patternOf(wordingOf(fault, site))) : messageOf({ fault, about }, site);
  const { 'content-type': type, 'x-request-id': requestId, 'cache-control': caching } = headers;
  expect({ requestId, caching }).toEqual({ requestId: expect.stringMatching(/^[0-9a-f]{32}$/), caching: 'no-store' });
  const isPlain = /^\d+$/.test(fault.code);
  if (isPlain && service === 'glance') {
    expect({ status, type }).toEqual({ status: code, type: 'text/html;charset=utf-8' });
    expect(body).toMatch(new RegExp(`^<html>.*<title>${code} ${title}</title>.*${escaped(fault)}.*</html>$`, 's'));
    return;
  }
  const plain = { message, code, title };
  const some = { error_code: fault.code, error_msg: message };
  const shapes = {
    image: { error: { message, code: fault.code } },
    some,
    both: { error: some, ...some },
    keystone: { error: plain },
    gateway: {
      ...some,
      request_id: requestId,
      ...(service === 'glance' && { error: plain }),
    },
  };
  const layers = { IMG: 'image', IAM: 'some', EPS: 'both', KMS: 'both', APIGW: 'gateway' } as const;
  const layer = isPlain ? 'keystone' : layers[fault.code.split('.')[0] as keyof typeof layers];
  const said = { status, type, body };
  expect(said).toEqual({ status: code, type: 'application/json;charset=utf-8', body: shapes[layer] });
}

/** Of the image service: status, code and message, in which anything may stand for `%s`, and nothing else. */
export function expectImageFault(answer: HuaweiAnswer<unknown>, fault: Fault, site: Site = 'huawei'): void {
  expectFault(answer, fault, { service: 'ims', site });
}

/** As it stands in a page. */
function escaped({ message }: Fault): string {
  const inPage = message.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return inPage.split('%s').map(RegExp.escape).join('.+');
}
