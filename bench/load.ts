/**
 * Loads on an HTTP server, from processes of their own on the same machine, and the peer to compare with: a server that
 * answers as many bytes and does nothing else.
 */
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { run } from './command.ts';
import type { PacedResult } from './paced-load.ts';

const cannon = createRequire(import.meta.url).resolve('autocannon');

/** As many requests as go through. */
export const full = { connections: 16, seconds: 10 };
/** Of signed requests, which wait longer for the database and not for the processors. */
export const signedConnections = 32;
/** Requests a second, at even distances. */
export const gentleRate = 100;

/** What autocannon measured; milliseconds. */
export interface Shot {
  readonly requests: { readonly average: number };
  readonly latency: { readonly p50: number; readonly p99: number; readonly max: number };
  readonly non2xx: number;
  readonly errors: number;
}

/** Anything but success is an error of the bench. */
export function succeeded(url: string, shot: Shot): Shot {
  if (shot.non2xx > 0 || shot.errors > 0) {
    throw new Error(`${url}: ${shot.non2xx} answers were no success, ${shot.errors} requests failed`);
  }
  return shot;
}

/** Fires at the URL with a bearer token; a POST if there is a body. */
export async function fire(url: string, token: string, body?: object): Promise<Shot> {
  const { connections, seconds } = full;
  const args = ['--json', '--no-progress', '-c', `${connections}`, '-d', `${seconds}`];
  args.push('-H', `authorization=Bearer ${token}`);
  if (body !== undefined) {
    args.push('-m', 'POST', '-H', 'content-type=application/json', '-b', JSON.stringify(body));
  }
  return succeeded(url, JSON.parse(await run(process.execPath, cannon, ...args, url)) as Shot);
}

/** Asks at the gentle rate; returns what each request took, in milliseconds. */
export async function pace(url: string, token: string, seconds: number): Promise<readonly number[]> {
  const program = join(import.meta.dirname, 'paced-load.ts');
  const result = JSON.parse(
    await run(process.execPath, program, url, token, `${gentleRate}`, `${seconds}`),
  ) as PacedResult;
  if (result.failed > 0) throw new Error(`${url}: ${result.failed} requests failed`);
  return result.times;
}

/** A server of Node's own that answers `length` bytes of JSON: what no server here can be faster than. */
export async function plainServer(length: number): Promise<{ url: string; close(): void }> {
  const text = JSON.stringify({ text: 'x'.repeat(Math.max(0, length - 11)) });
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, close: () => server.close() };
}

export const shotHead = ['', 'requests / s', 'p50 ms', 'p99 ms', 'answer', "of the peer's requests / s"];

export function shotRow(name: string, shot: Shot, peer: Shot, bytes: number): string[] {
  const { requests, latency } = shot;
  const share = ((requests.average / peer.requests.average) * 100).toFixed(1);
  return [
    name,
    requests.average.toFixed(0),
    `${latency.p50}`,
    `${latency.p99}`,
    `${(bytes / 1024).toFixed(1)} KiB`,
    `${share} %`,
  ];
}

export function quantile(times: readonly number[], share: number): number {
  return times.toSorted((one, other) => one - other)[Math.ceil(times.length * share) - 1] ?? Number.NaN;
}
