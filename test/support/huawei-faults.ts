/** Error tables of Huawei's dialect against what the server really says. A row that can occur and that nothing provokes does not compile. */
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
import type { TestHuawei } from './huawei-api.ts';
import type { HuaweiAnswer } from './huawei-client.ts';

/** The names of the rows that can occur. */
export type Occurring<Table extends Faults> = {
  [Name in keyof Table]: Table[Name] extends Fault ? Name : never;
}[keyof Table];

// biome-ignore lint/suspicious/noExplicitAny: each layer's errors are of a shape of their own.
export type Provoke = (huawei: TestHuawei) => Promise<HuaweiAnswer<any>>;

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
  const message = about === undefined ? patternOf(fault, site) : messageOf({ fault, about }, site);
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
    enterprise: { error: some, ...some },
    keystone: { error: plain },
    gateway: {
      ...some,
      request_id: requestId,
      ...(service === 'glance' && { error: plain }),
    },
  };
  const layers = { IMG: 'image', IAM: 'some', EPS: 'enterprise', APIGW: 'gateway' } as const;
  const layer = isPlain ? 'keystone' : layers[fault.code.split('.')[0] as keyof typeof layers];
  const said = { status, type, body };
  expect(said).toEqual({ status: code, type: 'application/json;charset=utf-8', body: shapes[layer] });
}

/** Of the image service: status, code and message, in which anything may stand for `%s`, and nothing else. */
export function expectImageFault(answer: HuaweiAnswer<unknown>, fault: Fault, site: Site = 'huawei'): void {
  expectFault(answer, fault, { service: 'ims', site });
}

function patternOf(fault: Fault, site: Site) {
  const parts = wordingOf(fault, site).split('%s').map(RegExp.escape);
  return expect.stringMatching(new RegExp(`^${parts.join('.+')}$`, 's'));
}

/** As it stands in a page. */
function escaped({ message }: Fault): string {
  const inPage = message.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return inPage.split('%s').map(RegExp.escape).join('.+');
}
