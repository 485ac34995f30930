import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { contentDigest } from '../lib/http-signature.ts';
import type { ServerAddress } from './http.ts';
import { UnreachableError } from './http.ts';
import { createRequests, path } from './requests.ts';

let server: Server;

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

async function listen(listener: RequestListener): Promise<ServerAddress> {
  server = createServer(listener).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return { url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`) };
}

/** Hangs up on the first `losses` requests; then gives back how many there were. */
function losing(losses: number, seen: IncomingMessage['headers'][]): RequestListener {
  return (request, response) => {
    seen.push(request.headers);
    if (seen.length <= losses) response.destroy();
    else response.writeHead(201).end(JSON.stringify({ requests: seen.length }));
  };
}

test('what makes something is asked for a second time when the connection is lost, with the same key', async () => {
  const seen: IncomingMessage['headers'][] = [];
  const address = await listen(losing(1, seen));
  const requests = createRequests({ ...address, accessKey: { id: 'MK1', secret: 's' } });
  expect(await requests.make('/images', { name: 'x' })).toEqual({ requests: 2 });
  const [first, second] = seen as [IncomingMessage['headers'], IncomingMessage['headers']];
  expect(first['idempotency-key']).toMatch(/^[\w-]{36}$/);
  expect(second['idempotency-key']).toBe(first['idempotency-key']);
  // A nonce works once.
  expect(second['signature']).not.toBe(first['signature']);
  expect(first['content-digest']).toBe(contentDigest('{"name":"x"}'));
});

test('no more often than that, and nothing else', async () => {
  const made: IncomingMessage['headers'][] = [];
  const lossy = createRequests(await listen(losing(2, made)));
  await expect(lossy.make('/images', {})).rejects.toThrow(UnreachableError);
  expect(made).toHaveLength(2);
  server.close();
  const asked: IncomingMessage['headers'][] = [];
  const other = createRequests(await listen(losing(1, asked)));
  await expect(other.post('/sessions', {})).rejects.toThrow(UnreachableError);
  expect(asked).toHaveLength(1);
  expect(asked[0]).not.toHaveProperty('idempotency-key');
});

test('paths and queries are escaped', async () => {
  const address = await listen((request, response) => response.end(JSON.stringify({ url: request.url })));
  const query = { name: 'a&b', state: ['x', 'y'], none: undefined };
  expect(await createRequests(address).get(path`/images/${'a/b?'}`, query)).toEqual({
    url: '/api/v1/images/a%2Fb%3F?name=a%26b&state=x&state=y',
  });
});
