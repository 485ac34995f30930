import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { AKSKSigner } from '@huaweicloud/huaweicloud-sdk-core/auth/AKSKSigner.js';
import { BasicCredentials } from '@huaweicloud/huaweicloud-sdk-core/auth/BasicCredentials.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHuaweiClient, type HuaweiCallOptions, type HuaweiClientOptions } from './huawei-client.ts';

const published = {
  url: 'http://127.0.0.1:1',
  host: 'ims.eu-de.example.test',
  accessKeyId: 'AKEXAMPLE0123456789',
  secret: 'SKexample/abcdefghijklmnopqrstuvwxyz0123',
  clock: () => Date.UTC(2026, 0, 1),
};
const projectId = '0123456789abcdef0123456789abcdef';
const huawei: HuaweiClientOptions = { ...published, form: 'huawei', projectId };
const copyPath = '/v1/cloudimages/465076de-dc36-4aec-80f5-ef9d8009428f/copy';

function sign(client: HuaweiClientOptions, method: string, path: string, options?: HuaweiCallOptions) {
  const { headers, canonicalRequest } = createHuaweiClient(client).sign(method, path, options);
  return { authorization: headers['authorization'] ?? '', canonicalRequest, headers };
}

/** In the order of the published vectors. */
describe('a signature is what the clients make of', () => {
  it("Huawei's POST", () => {
    expect(sign(huawei, 'POST', copyPath, { body: { name: 'copy1' } }).authorization).toBe(
      'SDK-HMAC-SHA256 Access=AKEXAMPLE0123456789, SignedHeaders=content-type;host;x-project-id;x-sdk-date, ' +
        'Signature=64daf21bd7a49d5621f4cf0eb118ed8e98ca302517f0148267f88d5ada67327f',
    );
  });

  it("Huawei's GET", () => {
    const { authorization, canonicalRequest } = sign(huawei, 'GET', '/v2/cloudimages', {
      query: { __imagetype: 'gold', sort_key: 'name', limit: 1, tag: 'k=v w' },
      headers: { 'Content-Type': 'application/json' },
    });
    expect(canonicalRequest?.split('\n')[2]).toBe('__imagetype=gold&limit=1&sort_key=name&tag=k%3Dv%20w');
    expect(authorization).toMatch(/Signature=9e888d04d7d284d4f1d154af232a765bfcc5219d5f9eb3a029f018052dfec1c8$/);
  });

  it("Open Telekom Cloud's POST, with who asks added afterwards", () => {
    const otc: HuaweiClientOptions = { ...published, form: 'otc', projectId, securityToken: 'late' };
    const { authorization, headers } = sign(otc, 'POST', copyPath, {
      body: { name: 'copy1' },
      headers: { accept: 'application/json', 'user-agent': 'golangsdk/2.0.0' },
    });
    expect(authorization).toBe(
      'SDK-HMAC-SHA256 Credential=AKEXAMPLE0123456789/20260101///sdk_request, ' +
        'SignedHeaders=accept;content-type;host;user-agent;x-sdk-date, ' +
        'Signature=3a5316debdb1cf7b3d86b2ce9cce99e5c71470c7ef02a75aee60308513f33ff6',
    );
    expect(headers).toMatchObject({ 'x-project-id': projectId, 'x-security-token': 'late' });
  });
});

describe("a signature is the SDK's own", () => {
  it.each<[string, string, HuaweiCallOptions, Partial<HuaweiClientOptions>]>([
    ['GET', '/v2/cloudimages', { query: { b: ['z', 'a'], a: '', tag: "it's (a) *~/ü%" } }, {}],
    ['POST', '/v2/cloudimages/action', { body: { name: 'Größe', nothing: null } }, { projectId: 'other' }],
    ['DELETE', '/v1/cloudimages/members', { body: { images: ['a'], projects: [] } }, { securityToken: 'temporary' }],
    ['PUT', '/v2/images/a/file', { body: 'bytes', unsignedPayload: true }, { host: 'ims.eu-nl.example.test:8443' }],
    ['GET', '/v3/auth/domains/', { headers: { 'X-Extra': 'signed as well' } }, { domainId: 'd0' }],
  ])('of %s %s', (method, path, options, changes) => {
    const client = { ...huawei, ...changes };
    const { headers, authorization } = sign(client, method, path, options);
    const { host, authorization: _, ...given } = headers;
    const request = {
      method,
      endpoint: `http://${host}${path}`,
      queryParams: options.query ?? {},
      // It knows these two by their spelling.
      headers: {
        ...Object.fromEntries(
          Object.entries(given).map(([name, value]) => [
            { 'x-sdk-date': 'X-Sdk-Date', 'x-sdk-content-sha256': 'X-Sdk-Content-Sha256' }[name] ?? name,
            value,
          ]),
        ),
      },
      data: options.body,
    };
    const credential = new BasicCredentials().withAk(published.accessKeyId).withSk(published.secret);
    expect(AKSKSigner.sign(request, credential)).toHaveProperty('Authorization', authorization);
  });
});

describe('a request can be broken by', () => {
  const { authorization } = sign(huawei, 'GET', '/v2/cloudimages');

  it.each<[string, Partial<HuaweiClientOptions>]>([
    ['another secret', { secret: 'another' }],
    ['another time', { clock: () => Date.UTC(2026, 0, 1, 0, 16) }],
    ['another host', { host: 'ims.eu-nl.example.test' }],
  ])('%s', (_, changes) => {
    expect(sign({ ...huawei, ...changes }, 'GET', '/v2/cloudimages').authorization).not.toBe(authorization);
  });

  it('headers that are not signed', () => {
    const { authorization: bare, headers } = sign(huawei, 'GET', '/v2/cloudimages', {
      unsigned: ['host', 'x-project-id'],
    });
    expect(bare).toMatch(/ SignedHeaders=x-sdk-date, /);
    expect(headers).toMatchObject({ host: huawei.host, 'x-project-id': projectId });
  });
});

describe("Open Telekom Cloud's canonical request", () => {
  const otc: HuaweiClientOptions = { ...published, form: 'otc' };
  const lines = (method: string, options: HuaweiCallOptions) =>
    sign(otc, method, '/v2/a%20b', options).canonicalRequest?.split('\n') ?? [];

  it('has the first of the values of a name, in the order of the lower case', () => {
    expect(lines('GET', { query: { b: ['2', '1'], C: 'x', a: 'y z' } })[2]).toBe('a=y%20z&b=2&C=x');
  });

  it('has one space for many in a header', () => {
    expect(lines('GET', { headers: { 'x-extra': 'a \t  b' } })).toContain('x-extra:a b');
  });

  it('has the query of a POST without a body as its payload', () => {
    const [, , query, ...rest] = lines('POST', { query: { b: '1 2', a: '3' } });
    expect(query).toBe('');
    // Of `a=3&b=1+2`.
    expect(rest.at(-1)).toBe('07c71437197c3889616e914667397146a7aea3d1454ce3adde04caeb676a0aa3');
  });
});

describe('send', () => {
  const server = createServer(async (request, response) => {
    const heard = { method: request.method, url: request.url, headers: request.headers, body: await text(request) };
    const isText = request.url === '/text';
    response.writeHead(isText ? 404 : 200, {
      'content-type': isText ? 'text/html' : 'application/json; charset=UTF-8',
    });
    response.end(isText ? '<html></html>' : JSON.stringify(heard));
  });
  let url: string;
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  it('shows its token and no signature, with the host that it is told to name', async () => {
    const client = createHuaweiClient({ url, form: 'token', token: 'a token', host: 'ims.eu-de.example.test' });
    const { status, body } = await client.call('GET', '/v2/cloudimages', { query: { tag: 'k=v w' }, body: {} });
    expect(status).toBe(200);
    expect(body).toMatchObject({ method: 'GET', url: '/v2/cloudimages?tag=k%3Dv%20w', body: '{}' });
    expect(body.headers).toMatchObject({ host: 'ims.eu-de.example.test', 'x-auth-token': 'a token' });
    expect(body.headers).not.toHaveProperty('authorization');
  });

  it('sends a signed request as it was changed', async () => {
    const client = createHuaweiClient({ ...huawei, url });
    const request = client.sign('PUT', '/v2/images/a/file', { body: Buffer.from('bytes') });
    const { body } = await client.send({ ...request, body: Buffer.from('other bytes') });
    expect(body).toMatchObject({ body: 'other bytes', headers: { authorization: request.headers['authorization'] } });
  });

  it('gives what is not JSON as text and bytes', async () => {
    const answer = await createHuaweiClient({ url, form: 'token' }).call('GET', '/text');
    expect(answer).toMatchObject({ status: 404, body: '<html></html>' });
    expect(answer.bytes).toHaveLength(13);
  });
});
