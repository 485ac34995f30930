import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Agent, request as httpRequest } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { type FastifyInstance, fastify } from 'fastify';
import { describe, expect, it, onTestFinished } from 'vitest';
import { until } from '../../test/support/installation.ts';
import { testCertificates } from '../../test/support/test-certificates.ts';
import { boundAnswers, boundBodies } from '../protocols/shared/deadlines.ts';
import { createLogger, silentLogger } from '../telemetry/logger.ts';
import { watchCertificate } from './certificate.ts';
import { type Door, type FrontDoor, type FrontDoorOptions, hasPath, openFrontDoor, urlOf } from './front-door.ts';

/** Short, so that slow clients need not be slow for long. */
const requestSeconds = 0.3;
const nothing = () => {};

function instance(name: string): FastifyInstance {
  const app = fastify({ return503OnClosing: false });
  boundBodies(app, requestSeconds);
  boundAnswers(app, requestSeconds);
  app.get('/*', async () => ({ name }));
  return app;
}

async function open(options: Partial<FrontDoorOptions> = {}): Promise<FrontDoor> {
  const door = await openFrontDoor({
    host: '127.0.0.1',
    port: 0,
    requestSeconds,
    doors: [{ matches: hasPath('/api/'), app: instance('native') }],
    logger: silentLogger,
    onRefusedConnection: nothing,
    ...options,
  });
  onTestFinished(() => door.close());
  return door;
}

/** A connection, on which a test says what it likes. */
function dial(door: FrontDoor): Socket {
  const socket = connect(Number(new URL(door.url).port), '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  socket.on('error', nothing);
  return socket;
}

describe('which protocol has a request', () => {
  it('is said by the first door that matches; nobody has the rest', async () => {
    const closed: string[] = [];
    const doors: Door[] = [
      { matches: hasPath('/api/'), app: instance('native') },
      { matches: hasPath('/healthz', '/metrics'), app: instance('operations') },
      { matches: ({ headers }) => headers.host === 'cloud.test', app: instance('cloud') },
    ];
    for (const { app } of doors) app.addHook('onClose', async () => void closed.push('one'));
    const door = await open({ doors });
    const ask = async (path: string) => (await fetch(`${door.url}${path}`)).json();
    expect(await ask('/api/v1/images?x=/healthz')).toEqual({ name: 'native' });
    expect(await ask('/healthz?verbose')).toEqual({ name: 'operations' });
    const socket = dial(door);
    socket.write('GET / HTTP/1.1\r\nHost: cloud.test\r\nConnection: close\r\n\r\n');
    expect(await text(socket)).toMatch(/"cloud"/);

    for (const path of ['/', '/api', '/healthz/x', '/apiary', '/metrics2']) {
      const answer = await fetch(`${door.url}${path}?secret=1`);
      expect([path, answer.status]).toEqual([path, 404]);
      expect(answer.headers.get('content-type')).toBe('application/problem+json');
      expect(await answer.json()).toEqual({
        type: 'urn:mimeo:problem:route.not-found',
        code: 'route.not-found',
        title: `there is no GET ${path}`,
        status: 404,
        Code: 'route.not-found',
        Message: `there is no GET ${path}`,
      });
    }
    await door.close();
    expect(closed).toHaveLength(3);
  });

  it('is said by the path, also of a request that is put as to a proxy', async () => {
    const doors: Door[] = [
      { matches: hasPath('/'), app: instance('cloud') },
      { matches: hasPath('/api/'), app: instance('native') },
    ];
    const door = await open({ doors });
    const ask = async (target: string) => {
      const socket = dial(door);
      socket.write(`GET ${target} HTTP/1.1\r\nHost: cloud.test\r\nConnection: close\r\n\r\n`);
      return (await text(socket)).split('\r\n\r\n')[1] ?? '';
    };
    for (const target of ['http://cloud.test/api/v1?x', 'HTTPS://cloud.test:7420/api/v1']) {
      expect(await ask(target)).toContain('native');
    }
    for (const target of [
      'http://cloud.test',
      'http://cloud.test?x=/api/',
      'http://cloud.test/?x',
      '/?http://x/api/',
    ]) {
      expect(await ask(target)).toContain('"cloud"');
    }
    expect(await ask('http://cloud.test/other')).toContain('there is no GET /other');
  });

  it('says which port is taken', async () => {
    const { port } = new URL((await open()).url);
    await expect(open({ port: Number(port) })).rejects.toThrow(
      `something else listens on 127.0.0.1 port ${port}; choose another with --port`,
    );
  });
});

it.each([
  ['127.0.0.1', 'http://127.0.0.1:7420', 'https://127.0.0.1:7420'],
  ['192.0.2.7', 'http://192.0.2.7:7420', 'https://192.0.2.7:7420'],
  ['2001:db8::7', 'http://[2001:db8::7]:7420', 'https://[2001:db8::7]:7420'],
  ['0.0.0.0', 'http://127.0.0.1:7420', 'https://localhost:7420'],
  ['::', 'http://[::1]:7420', 'https://localhost:7420'],
])('on %s it is reached by %s, or by %s', (address, http, https) => {
  const listening = { address, family: address.includes(':') ? 'IPv6' : 'IPv4', port: 7420 };
  expect([urlOf('http', listening), urlOf('https', listening)]).toEqual([http, https]);
});

describe('slow and malformed clients', () => {
  it.each([
    ['says nothing', '', 408],
    ['does not end the head', 'GET /api/ HTTP/1.1\r\nHost: h\r\nX-Slow: ', 408],
    ['does not speak HTTP', 'SSH-2.0-OpenSSH_9.2\r\n\r\n', 400],
    ['has a head without end', `GET /api/ HTTP/1.1\r\nHost: h\r\nX: ${'x'.repeat(70_000)}\r\n\r\n`, 431],
  ])('one that %s is told so and cut off', async (_what, bytes, status) => {
    const socket = dial(await open());
    socket.write(bytes);
    const answer = await text(socket);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} .*\r\nContent-Type: application/problem\\+json\r\n`));
    const document = JSON.parse(answer.split('\r\n\r\n')[1] ?? '');
    expect(document).toMatchObject({ code: 'request.invalid', status, Code: 'request.invalid' });
    expect(document.Message).toBe(document.title);
  });

  function withBodies(): FastifyInstance {
    const app = instance('native');
    app.post('/api/parsed', async ({ body }) => body);
    app.register((content, _options, done) => {
      content.removeAllContentTypeParsers();
      content.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
      content.put('/api/content', async ({ body }) => ({ bytes: (await text(body as Readable)).length }));
      done();
    });
    app.post('/api/refused', { onRequest: async (_request, reply) => reply.code(409).send('no') }, nothing);
    return app;
  }
  const doorsOf = (app: FastifyInstance) => [{ matches: hasPath('/api/'), app }];

  /** Sends a byte now and then until there is an answer. */
  async function trickle(door: FrontDoor, method: string, path: string, count: number): Promise<string> {
    const socket = dial(door);
    const answer = text(socket);
    const type = method === 'PUT' ? 'application/octet-stream' : 'application/json';
    socket.write(
      `${method} ${path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Type: ${type}\r\nContent-Length: ${count}\r\n\r\n`,
    );
    for (let sent = 0; sent < count && socket.writable; sent++) {
      socket.write('1');
      await sleep(50);
    }
    return await answer;
  }

  it('one whose parsed body does not come is told so', async () => {
    const door = await open({ doors: doorsOf(withBodies()) });
    const answer = await trickle(door, 'POST', '/api/parsed', 40);
    expect(answer).toMatch(/^HTTP\/1.1 408 /);
    expect(answer).toContain('did not arrive within 0.3 s; send it again');
    expect(await trickle(door, 'POST', '/api/parsed', 3)).toMatch(/^HTTP\/1.1 200 [\s\S]*111$/);
  });

  it('one that brings content has all the time it needs', async () => {
    const door = await open({ doors: doorsOf(withBodies()) });
    expect(await trickle(door, 'PUT', '/api/content', 14)).toContain('{"bytes":14}');
  });

  it('one that was refused cannot keep its connection by never ending its body', async () => {
    const door = await open({ doors: doorsOf(withBodies()) });
    const socket = dial(door);
    socket.write(
      'POST /api/refused HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n1',
    );
    const began = performance.now();
    expect(await text(socket)).toMatch(/^HTTP\/1.1 409 /);
    expect(performance.now() - began).toBeLessThan(3000);
  });

  it('one that does not take its answer is cut off', async () => {
    const app = instance('native');
    app.get('/api/large', async () => 'x'.repeat(64 * 1024 * 1024));
    const door = await open({ doors: doorsOf(app) });
    const socket = dial(door);
    socket.write('GET /api/large HTTP/1.1\r\nHost: h\r\n\r\n');
    await once(socket, 'readable');
    await until(async () => (await door.countConnections()) === 0);
  });

  it('is met by as many connections as it may have, no more', async () => {
    let refused = 0;
    const door = await open({ maxConnections: 2, onRefusedConnection: () => (refused += 1) });
    const [first, second] = [dial(door), dial(door)];
    await Promise.all([once(first, 'connect'), once(second, 'connect')]);
    await until(async () => (await door.countConnections()) === 2);
    expect(await text(dial(door)).catch(() => '')).toBe('');
    expect(refused).toBe(1);
  });
});

it('waits for the server to want a body, if the client says so', async () => {
  const app = instance('native');
  app.post('/api/parsed', async ({ body }) => body);
  const door = await open({ doors: [{ matches: hasPath('/api/'), app }] });
  const headers = { expect: '100-continue', 'content-type': 'application/json' };
  const request = httpRequest(`${door.url}/api/parsed`, { method: 'POST', headers, agent: new Agent() });
  request.flushHeaders();
  await once(request, 'continue');
  request.end('{"a":1}');
  const [response] = await once(request, 'response');
  expect(await text(response)).toBe('{"a":1}');
});

it('lets a stream of events go on for longer than any request may take, and cuts it off at the end', async () => {
  const app = instance('native');
  app.get('/api/events', (_request, reply) => {
    async function* events() {
      for (let number = 1; ; number++) {
        yield `data: ${number}\n\n`;
        await sleep(20);
      }
    }
    return reply.type('text/event-stream').send(Readable.from(events()));
  });
  const door = await open({ doors: [{ matches: hasPath('/api/'), app }] });
  const socket = dial(door);
  socket.write('GET /api/events HTTP/1.1\r\nHost: h\r\n\r\n');
  let seen = '';
  socket.on('data', (bytes) => (seen += bytes));
  await until(() => seen.includes('data: 40\n'));
  const cut = once(socket, 'close');
  const began = performance.now();
  await door.close();
  await cut;
  expect(performance.now() - began).toBeLessThan(1000);
});

describe('TLS', () => {
  async function writePair(folder: string, cert: string, key: string) {
    const files = { certificate: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
    await writeFile(files.certificate, cert);
    await writeFile(files.key, key);
    return files;
  }

  async function makeFolder(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'tls-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    return folder;
  }

  it('is spoken with the certificate that was given, and nothing else is', async () => {
    const [{ cert, key, commonName }] = testCertificates;
    const door = await open({ certificate: await writePair(await makeFolder(), cert, key) });
    expect(door.url).toMatch(/^https:/);
    const socket = connectTls({ port: Number(new URL(door.url).port), host: '127.0.0.1', ca: cert });
    await once(socket, 'secureConnect');
    expect(socket.getPeerCertificate().subject.CN).toBe(commonName);
    socket.write('GET /api/ HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n');
    expect(await text(socket)).toContain('"native"');
    const plain = dial(door);
    plain.write('GET /api/ HTTP/1.1\r\nHost: h\r\n\r\n');
    expect(await text(plain).catch(() => '')).not.toContain('native');
  });

  it('refuses to start with a pair that is none', async () => {
    const [one, other] = testCertificates;
    const folder = await makeFolder();
    const mixed = await writePair(folder, one.cert, other.key);
    await expect(open({ certificate: mixed })).rejects.toThrow(/key values mismatch; give two PEM files that belong/);
    await rm(mixed.key);
    await expect(open({ certificate: mixed })).rejects.toThrow(/TLS cannot be used .*key\.pem: ENOENT/);
  });

  it('takes up a renewed certificate, and stays with the old one while there is none', async () => {
    const [one, other] = testCertificates;
    const folder = await makeFolder();
    const files = await writePair(folder, one.cert, one.key);
    const lines: string[] = [];
    const used: Buffer[] = [];
    const logger = createLogger('info', { write: (line) => lines.push(line) });
    const current = { cert: Buffer.from(one.cert), key: Buffer.from(one.key) };
    const watch = watchCertificate(files, current, ({ cert }) => used.push(cert), logger, 10);
    onTestFinished(watch.stop);
    await sleep(50);
    expect(lines).toEqual([]);
    await writeFile(files.certificate, other.cert);
    await until(() => lines.some((line) => line.includes('mismatch') && line.includes('the old one stays in use')));
    expect(used).toEqual([]);
    await writeFile(files.key, other.key);
    await until(() => used.length > 0);
    await sleep(50);
    expect(used.map(String)).toEqual([other.cert]);
    expect(lines.join('')).not.toContain('PRIVATE KEY');
  });
});
