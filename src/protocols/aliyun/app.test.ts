import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clients } from '../../../test/acceptance/aliyun/clients.ts';
import { createTestAliyun, type TestAliyun } from '../../../test/support/aliyun-api.ts';
import { type AliyunCallOptions, type AliyunError, createAliyunClient } from '../../../test/support/aliyun-client.ts';
import { makeImage } from '../../../test/support/installation.ts';
import { exchange } from '../../../test/support/raw-exchange.ts';
import { listEvents } from '../../app/list-events.ts';
import { createLogger } from '../../telemetry/logger.ts';
import { serviceOf } from './operations.ts';

let aliyun: TestAliyun;
beforeAll(async () => {
  aliyun = await createTestAliyun();
});
afterAll(() => aliyun.close());

const form = 'application/x-www-form-urlencoded';

/** A signed request's query or form, for requests that are written by hand. */
function signed(options: AliyunCallOptions = {}): string {
  const { path, body } = aliyun.client.sign('DescribeRegions', {}, options);
  return body ?? path.slice(2);
}

async function raw(first: string, headers: readonly string[], body = ''): Promise<string> {
  const head = [first, ...headers, 'Connection: close', '', ''].join('\r\n');
  const { status, text } = await exchange(aliyun.url, head + body);
  const { Code, Message } = JSON.parse(text) as Partial<AliyunError>;
  return Code === undefined ? `${status}` : `${status} ${Code}: ${Message}`;
}

const invalid = (name: string) => `400 InvalidParameter: The specified parameter "${name}" is not valid.`;

describe('a request', () => {
  it.each(['POST', 'GET'] as const)('may be put as to a proxy, by %s', async (method) => {
    const query = signed({ method });
    expect(await raw(`${method} http://ecs.aliyuncs.com/?${query} HTTP/1.1`, ['Host: ecs.aliyuncs.com'])).toBe('200');
    const bare = signed({ method });
    expect(await raw(`${method} HTTP://ecs.aliyuncs.com?${bare} HTTP/1.1`, ['Host: ecs.aliyuncs.com'])).toBe('200');
  });

  it('may be put as to a proxy, with the host that is signed', async () => {
    const client = createAliyunClient({ url: 'http://ecs.cn-hangzhou.aliyuncs.com', ...aliyun.key });
    const { path, headers } = client.sign('DescribeRegions', { ResourceType: 'disk' }, { signing: 'acs3' });
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
    const first = `POST http://ecs.cn-hangzhou.aliyuncs.com${path} HTTP/1.1`;
    const ask = (host: string) => raw(first, [...lines, `Host: ${host}`, 'Content-Length: 0']);
    expect(await ask('ecs.cn-beijing.aliyuncs.com')).toMatch(/^400 SignatureDoesNotMatch/);
    expect(await ask('ecs.cn-hangzhou.aliyuncs.com')).toBe('200');
  });

  it('may have its form in pieces', async () => {
    const text = signed({ inBody: true });
    const pieces = [text.slice(0, 20), text.slice(20)].map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`);
    const headers = ['Host: h', `Content-Type: ${form}`, 'Transfer-Encoding: chunked'];
    expect(await raw('POST / HTTP/1.1', headers, `${pieces.join('')}0\r\n\r\n`)).toBe('200');
  });

  it.each([
    ['nothing', [], ''],
    ['a length of 0', ['Content-Length: 0'], ''],
    ['no pieces', ['Transfer-Encoding: chunked'], '0\r\n\r\n'],
    ['nothing that is called JSON', ['Content-Type: application/json', 'Content-Length: 0'], ''],
    ['nothing that is called a form', [`Content-Type: ${form}; charset=UTF-8`], ''],
  ])('may have as its body %s', async (_, headers, body) => {
    expect(await raw(`POST /?${signed()} HTTP/1.1`, ['Host: h', ...headers], body)).toBe('200');
  });

  it('may say no type of its form', async () => {
    const text = signed({ inBody: true });
    expect(await raw('POST / HTTP/1.1', ['Host: h', `Content-Length: ${text.length}`], text)).toBe('200');
  });

  it.each([
    ['JSON', 'application/json', '{"RegionId":"north"}', 'Content-Type'],
    ['no type at all', 'nonsense', 'a=b', 'Content-Type'],
    ['64 KiB', form, `a=${'b'.repeat(64 * 1024)}`, 'body'],
  ])('has no body of %s', async (_, type, body, about) => {
    const headers = ['Host: h', `Content-Type: ${type}`, `Content-Length: ${body.length}`];
    expect(await raw(`POST /?${signed()} HTTP/1.1`, headers, body)).toBe(invalid(about));
  });

  it('has each header once that says something', async () => {
    const { headers } = aliyun.client.sign('DescribeRegions', {}, { signing: 'acs3' });
    const lines = Object.entries({ host: new URL(aliyun.url).host, ...headers }).map((pair) => pair.join(': '));
    for (const name of ['authorization', 'x-acs-date', 'x-acs-action']) {
      expect(await raw('POST / HTTP/1.1', [...lines, `${name}: ${headers[name]}`, 'Content-Length: 0'])).toBe(
        invalid(name),
      );
    }
    expect(await raw('POST / HTTP/1.1', [...lines, 'accept: */*', 'Content-Length: 0'])).toBe('200');
  });

  it('may have 20 tags of 128 Chinese characters in its query', async () => {
    const { installation, caller } = aliyun;
    const { aliyunId } = await makeImage(installation.context, caller, [Buffer.alloc(4096)]);
    const tags = Array.from({ length: 20 }, (_, index) => {
      const words = String.fromCodePoint(0x4e00 + index).repeat(128);
      return [
        [`Tag.${index + 1}.Key`, words],
        [`Tag.${index + 1}.Value`, words],
      ];
    });
    const parameters = { RegionId: 'north', ResourceType: 'image', 'ResourceId.1': aliyunId };
    expect(await aliyun.client.call('UntagResources', { ...parameters, All: true })).toMatchObject({ status: 200 });
    const tagged = { ...parameters, ...Object.fromEntries(tags.flat()) };
    for (const signing of ['rpc-sha1', 'acs3'] as const) {
      expect(await aliyun.client.call('TagResources', tagged, { signing })).toMatchObject({ status: 200 });
    }
  });

  it.each([
    ['a query that is too long', '/', { Name: 'x'.repeat(70_000) }],
    ['another path', '/other', {}],
  ])('with %s is refused, which pop-core can tell', async (_, path, parameters) => {
    const { accessKeyId, secret: accessKeySecret } = aliyun.key;
    const client = clients['pop-core (HMAC-SHA1, GET)']?.({ url: aliyun.url + path, accessKeyId, accessKeySecret });
    await expect(client?.call('DescribeRegions', parameters)).rejects.toMatchObject({
      code: expect.stringMatching(/^(request\.invalid|route\.not-found)$/),
    });
  });

  it.each(['PUT', 'DELETE', 'PATCH', 'OPTIONS', 'PROPFIND'])('is no %s', async (method) => {
    const headers = ['Host: h', 'Content-Type: application/json', 'Content-Length: 2'];
    expect(await raw(`${method} /?Format=JSON HTTP/1.1`, headers, '{}')).toBe(
      '403 UnsupportedHTTPMethod: This HTTP method is not supported.',
    );
  });

  it('is no HEAD, which is told without a body', async () => {
    const { status } = await fetch(aliyun.url, { method: 'HEAD' });
    expect(status).toBe(403);
  });

  it('may take so long, and no longer', async () => {
    const hasty = await createTestAliyun({ on: aliyun.installation, limits: { requestSeconds: 1 } });
    const head = ['POST /?Format=JSON HTTP/1.1', 'Host: h', `Content-Type: ${form}`, 'Content-Length: 9', '', 'a='];
    const answer = await exchange(hasty.url, head.join('\r\n'));
    expect(answer.status).toBe(400);
    expect(answer.headers.get('connection')).toBe('close');
    expect(JSON.parse(answer.text)).toMatchObject({ Code: 'InvalidParameter' });
    await hasty.close();
  });
});

describe('an answer', () => {
  it.each<[string, 'JSON' | 'XML', string, Record<string, string>]>([
    ['JSON where Format says so', 'JSON', '/?Format=JSON&Version=2014-05-26', {}],
    ['JSON where it says so in small letters', 'JSON', '/?Format=json&Version=2014-05-26', {}],
    ['XML where Format says so', 'XML', '/?Format=xml&Version=2015-04-01', {}],
    ['XML of ECS otherwise', 'XML', '/?Version=2014-05-26', { accept: 'application/json' }],
    ['JSON of STS otherwise', 'JSON', '/?Version=2015-04-01', {}],
    ['XML of no product', 'XML', '/', {}],
    ['JSON to ACS3', 'JSON', '/?Format=XML', { authorization: 'ACS3-x', accept: '*/*' }],
    ['JSON to ACS3 that asks for it', 'JSON', '/', { authorization: 'ACS3-x', accept: 'application/json' }],
    ['XML to ACS3 that asks for it', 'XML', '/', { authorization: 'ACS3-x', accept: 'text/xml' }],
  ])('is %s', async (_, format, path, headers) => {
    const answer = await fetch(aliyun.url + path, { headers });
    const text = await answer.text();
    const type = { JSON: 'application/json;charset=utf-8', XML: 'text/xml;charset=utf-8' }[format];
    expect(answer.headers.get('content-type')).toBe(type);
    expect(text).toMatch(
      format === 'JSON' ? /^\{"RequestId":/ : /^<\?xml version="1.0" encoding="UTF-8"\?><Error><RequestId>/,
    );
  });

  it('that says yes has a root of its own, and no Code', async () => {
    const json = await aliyun.client.call('DescribeRegions');
    expect(json.body).toEqual({
      RequestId: expect.stringMatching(/^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$/),
      Regions: {
        Region: [expect.objectContaining({ RegionId: 'north' }), expect.objectContaining({ RegionId: 'south' })],
      },
    });
    expect(json.headers.get('x-acs-request-id')).toBe(json.body.RequestId);
    const xml = await aliyun.client.call<string>('DescribeRegions', {}, { format: 'XML' });
    expect(xml.body.replaceAll(/<(RequestId|RegionEndpoint)>[^<]+/g, '<$1>')).toBe(
      '<?xml version="1.0" encoding="UTF-8"?><DescribeRegionsResponse><RequestId></RequestId><Regions>' +
        ['north', 'south']
          .map(
            (id) =>
              `<Region><RegionId>${id}</RegionId><LocalName>${id}</LocalName><RegionEndpoint></RegionEndpoint><Status>available</Status></Region>`,
          )
          .join('') +
        '</Regions></DescribeRegionsResponse>',
    );
  });

  it('that says no has five members, in XML as well', async () => {
    const { status, body } = await aliyun.client.call<string>('CopyEverything', {}, { format: 'XML' });
    const { host } = new URL(aliyun.url);
    expect(status).toBe(404);
    expect(body.replaceAll(/[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}/g, 'ID')).toBe(
      `<?xml version="1.0" encoding="UTF-8"?><Error><RequestId>ID</RequestId><HostId>${host}</HostId><Code>InvalidAction.NotFound</Code><Message>Specified api is not found, please check your url and method.</Message><Recommend>https://api.aliyun.com/troubleshoot?q=InvalidAction.NotFound&amp;product=Ecs&amp;requestId=ID</Recommend></Error>`,
    );
  });

  it('knows actions of the product alone', async () => {
    const { body } = await aliyun.client.call('DescribeRegions', {}, { version: '2015-04-01' });
    expect(body).toMatchObject({ Code: 'InvalidAction.NotFound', Recommend: expect.stringContaining('&product=Sts&') });
    expect(serviceOf('2015-04-01')).toBe('sts');
  });
});

describe('too many requests', () => {
  let limited: TestAliyun;
  beforeAll(async () => {
    limited = await createTestAliyun({ on: aliyun.installation, limits: { requestsPerMinute: 20 } });
  });
  afterAll(() => limited.close());
  const throttled = { Code: 'Throttling.User', Message: 'Request was denied due to user flow control.' };

  it("of a user are told when to go on, while another's are answered", async () => {
    for (let count = 0; count < 20; count += 1) expect((await limited.client.call('DescribeRegions')).status).toBe(200);
    const { status, headers, body } = await limited.client.call('DescribeRegions');
    expect([status, body]).toMatchObject([400, throttled]);
    expect(Number(headers.get('x-acs-retry-after'))).toBeGreaterThanOrEqual(1000);
    expect((await (await limited.newClient()).call('DescribeRegions')).status).toBe(200);
  });

  it('that prove nothing are refused for that, and others of the address are not', async () => {
    const wrong = createAliyunClient({ url: limited.url, ...limited.key, secret: 'wrong' });
    const codes = [];
    for (let count = 0; count < 3; count += 1) codes.push((await wrong.call('DescribeRegions')).body.Code);
    expect(codes).toEqual(['SignatureDoesNotMatch', 'SignatureDoesNotMatch', 'Throttling.User']);
    expect((await (await limited.newClient()).call('DescribeRegions')).status).toBe(200);
  });
});

describe('what is written down', () => {
  it('tells of the failure that the client is not told of', async () => {
    const lines: string[] = [];
    const logger = createLogger('info', { write: (line) => lines.push(line) });
    const failing = await createTestAliyun({ on: aliyun.installation, logger });
    const { db } = aliyun.installation.context;
    const { accessKeyId } = failing.key;
    await db
      .updateTable('access_keys')
      .set({ secret: Buffer.from('broken') })
      .where('id', '=', accessKeyId)
      .execute();
    const { status, body } = await failing.client.call('DescribeRegions');
    expect([status, body]).toMatchObject([
      500,
      {
        Code: 'InternalError',
        Message: 'The request processing has failed due to some unknown error, exception or failure.',
      },
    ]);
    expect(lines.find((line) => line.includes('request failed'))).toContain('a sealed secret cannot be opened');
    await failing.close();
  });

  it('names protocol and action, and no signature', async () => {
    const lines: string[] = [];
    const logger = createLogger('info', { write: (line) => lines.push(line) });
    const logging = await createTestAliyun({ on: aliyun.installation, logger });
    const nonce = randomUUID();
    await logging.client.call('DescribeRegions', {}, { nonce });
    await expect.poll(() => lines.join('')).toContain('"route":"DescribeRegions"');
    expect(lines.join('')).toContain(`"protocol":"aliyun","account":"${logging.caller.accountId}"`);
    expect(lines.join('')).not.toContain(nonce);
    await logging.close();
  });

  it('is an event with the request that it came from', async () => {
    const { installation, caller } = aliyun;
    const image = await makeImage(installation.context, caller, [Buffer.alloc(4096)]);
    const viewer = await aliyun.newClient('viewer');
    const parameters = { RegionId: 'north', ImageId: image.aliyunId };
    const { status, body } = await viewer.call<AliyunError>('DeleteImage', parameters);
    expect([status, body.Code]).toEqual([403, 'Forbidden.RAM']);
    const { events } = await listEvents(installation.context, caller, { limit: 1 });
    const origin = { protocol: 'aliyun', requestId: body.RequestId, address: '127.0.0.1' };
    expect(events[0]).toMatchObject({ type: 'image.delete', outcome: 'forbidden', origin });
  });
});
