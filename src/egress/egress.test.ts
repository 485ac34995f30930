import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server as TcpServer } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createEgress, type PostOptions } from './egress.ts';
import { EgressError } from './egress-error.ts';

const lenient = { allowPrivate: true };
const strict = { allowPrivate: false };
const plain: PostOptions = {
  headers: { 'content-type': 'application/json' },
  body: '{"é":1}',
  timeoutMs: 2000,
  maxAnswerBytes: 1000,
  signal: new AbortController().signal,
};

const servers: (Server | TcpServer)[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    if ('closeAllConnections' in server) server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function listen(server: Server | TcpServer): Promise<number> {
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

interface Seen {
  readonly request: IncomingMessage;
  readonly body: string;
}

/** A server that answers as told, and what it was asked. */
async function receive(answer: (response: ServerResponse) => void): Promise<{ port: number; seen: Seen[] }> {
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const piece of request.setEncoding('utf8')) body += piece;
    seen.push({ request, body });
    answer(response);
  });
  return { port: await listen(server), seen };
}

async function errorOf(work: Promise<unknown>): Promise<EgressError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(EgressError);
  return error as EgressError;
}

describe('check', () => {
  it('gives the URL, and says why it does not', () => {
    expect(createEgress(strict).check('https://example.com/a').href).toBe('https://example.com/a');
    expect(createEgress(lenient).check('http://10.0.0.1/').href).toBe('http://10.0.0.1/');
    expect(() => createEgress(strict).check('http://10.0.0.1/')).toThrow(/private, local and reserved/);
    expect(() => createEgress(lenient).check('http://169.254.169.254/')).toThrow(/private, local and reserved/);
    expect(() => createEgress(strict).check('gopher://example.com/')).toThrow(/http:\/\/ or https:\/\//);
  });
});

describe('post', () => {
  it('sends headers and body, keeps the name in Host, and answers with the status', async () => {
    const { port, seen } = await receive((response) => response.writeHead(204).end());
    const resolve = vi.fn(async () => [{ address: '127.0.0.1', family: 4 }]);
    const url = `http://receiver.test:${port}/hook?a=b`;
    expect(await createEgress(lenient, resolve).post(url, plain)).toBe(204);
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({
      body: plain.body,
      request: {
        method: 'POST',
        url: '/hook?a=b',
        headers: { host: `receiver.test:${port}`, 'content-type': 'application/json', 'content-length': '8' },
      },
    });
    expect(resolve.mock.calls).toEqual([['receiver.test']]);
  });

  it('connects to the address that was checked though the name leads elsewhere by then', async () => {
    const { port, seen } = await receive((response) => response.end());
    // Rebinding: harmless when it is checked, the metadata service when it would be asked again.
    const resolve = vi
      .fn(async () => [{ address: '169.254.169.254', family: 4 }])
      .mockResolvedValueOnce([{ address: '127.0.0.1', family: 4 }]);
    const egress = createEgress(lenient, resolve);
    expect(await egress.post(`http://rebinding.test:${port}/`, plain)).toBe(200);
    expect([resolve.mock.calls.length, seen.length]).toEqual([1, 1]);
    expect(await errorOf(egress.post(`http://rebinding.test:${port}/`, plain))).toMatchObject({ code: 'address' });
  });

  it('refuses a name as soon as one of its addresses is not allowed, and does not tell which', async () => {
    const { port, seen } = await receive((response) => response.end());
    const mixed = async () => [
      { address: '93.184.215.14', family: 4 },
      { address: '127.0.0.1', family: 4 },
    ];
    const error = await errorOf(createEgress(strict, mixed).post(`http://mixed.test:${port}/`, plain));
    expect(error.code).toBe('address');
    expect(error.message).not.toMatch(/\d/);
    expect(seen).toEqual([]);
    const unknown = () => Promise.reject(new Error('ENOTFOUND'));
    const other = await errorOf(createEgress(strict, unknown).post('http://unknown.test/', plain));
    expect(other.message).toBe(error.message);
    expect((await errorOf(createEgress(strict, async () => []).post('http://a.test/', plain))).code).toBe('address');
  });

  it('resolves with the system when nobody says otherwise, and refuses localhost', async () => {
    const { port, seen } = await receive((response) => response.end());
    expect((await errorOf(createEgress(strict).post(`http://localhost:${port}/`, plain))).code).toBe('address');
    expect((await errorOf(createEgress(strict).post(`http://127.0.0.1:${port}/`, plain))).code).toBe('address');
    expect(seen).toEqual([]);
    expect(await createEgress(lenient).post(`http://127.0.0.1:${port}/`, plain)).toBe(200);
  });

  it('does not follow redirects', async () => {
    const target = await receive((response) => response.end());
    const { port } = await receive((response) =>
      response.writeHead(307, { location: `http://127.0.0.1:${target.port}/` }).end(),
    );
    expect(await createEgress(lenient).post(`http://127.0.0.1:${port}/`, plain)).toBe(307);
    expect(target.seen).toEqual([]);
  });

  it('cuts an answer off that is too long, and one that never ends, and takes the status', async () => {
    const cut: boolean[] = [];
    const { port } = await receive((response) => {
      response.on('close', () => cut.push(response.writableFinished));
      const timer = setInterval(() => response.write('x'.repeat(600)), 5);
      response.on('close', () => clearInterval(timer));
    });
    expect(await createEgress(lenient).post(`http://127.0.0.1:${port}/`, plain)).toBe(200);
    await vi.waitFor(() => expect(cut).toEqual([false]));
    const silent = await receive((response) => response.writeHead(202).flushHeaders());
    const options = { ...plain, timeoutMs: 100 };
    expect(await createEgress(lenient).post(`http://127.0.0.1:${silent.port}/`, options)).toBe(202);
  });

  it('ends in time where the resolver, or the receiver, is silent', async () => {
    const options = { ...plain, timeoutMs: 50 };
    const { port } = await receive(() => {});
    const error = await errorOf(createEgress(lenient).post(`http://127.0.0.1:${port}/`, options));
    expect(error).toMatchObject({ code: 'timeout', message: 'no answer within 0.05 seconds' });
    const stuck = createEgress(lenient, () => new Promise(() => {}));
    expect((await errorOf(stuck.post('http://stuck.test/', options))).code).toBe('timeout');
  });

  it('can be called off', async () => {
    const abort = new AbortController();
    const { port } = await receive(() => abort.abort(new Error('enough')));
    const options = { ...plain, signal: abort.signal };
    await expect(createEgress(lenient).post(`http://127.0.0.1:${port}/`, options)).rejects.toThrow('enough');
    await expect(createEgress(lenient).post(`http://127.0.0.1:${port}/`, options)).rejects.toThrow('enough');
  });

  it('says nothing of what answers badly or not at all', async () => {
    const { port } = await receive(() => {});
    const [closed] = servers.splice(0);
    await new Promise((resolve) => closed?.close(resolve));
    const refused = await errorOf(createEgress(lenient).post(`http://127.0.0.1:${port}/`, plain));
    const banner = createTcpServer((socket) =>
      socket
        .on('error', () => {})
        .resume()
        .end('SSH-2.0-OpenSSH_9.2 secret\r\n'),
    );
    const garbled = await errorOf(createEgress(lenient).post(`http://127.0.0.1:${await listen(banner)}/`, plain));
    const switching = createTcpServer((socket) =>
      socket
        .on('error', () => {})
        .resume()
        .end('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n'),
    );
    const upgraded = await errorOf(createEgress(lenient).post(`http://127.0.0.1:${await listen(switching)}/`, plain));
    const messages = [refused, garbled, upgraded].map(({ code, message }) => `${code}: ${message}`);
    expect(new Set(messages)).toEqual(new Set(['unreachable: no HTTP answer from there']));
  });

  it('speaks TLS with the name, to the checked address, and insists on it', async () => {
    let hello = '';
    const server = createTcpServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', (bytes) => {
        hello = bytes.toString('latin1');
        socket.end('HTTP/1.1 200 OK\r\n\r\n');
      });
    });
    const port = await listen(server);
    const resolve = async () => [{ address: '127.0.0.1', family: 4 }];
    const error = await errorOf(createEgress(lenient, resolve).post(`https://receiver.test:${port}/`, plain));
    expect(error.code).toBe('tls');
    expect(hello).toContain('receiver.test');
  });
});
