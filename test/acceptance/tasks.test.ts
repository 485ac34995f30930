/** kill -9 of the server in the middle of an import, and of an export: both go on by themselves, and nothing is left over. */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ObjectServer, startObjectServer } from '../support/object-server.ts';
import { createInstallation, type Installation, type ServerProcess } from './mimeo.ts';

const MiB = 1024 * 1024;

interface Task {
  readonly id: string;
  readonly imageId: string;
  readonly state: string;
}

let mimeo: Installation;
let objects: ObjectServer;
let settings: Record<string, string>;
let server: ServerProcess;
const disk = Buffer.concat([randomBytes(20 * MiB), Buffer.alloc(4 * MiB), randomBytes(8 * MiB + 5)]);
const never = new Promise(() => {});

beforeAll(async () => {
  [mimeo, objects] = await Promise.all([createInstallation(), startObjectServer()]);
  objects.buckets.get('images')?.set('golden.raw', disk);
  settings = {
    MIMEO_REGIONS: 'north',
    MIMEO_SEGMENT_BYTES: String(MiB),
    MIMEO_PACK_BYTES: String(MiB),
    MIMEO_OBJECT_STORE_URL: objects.url,
    MIMEO_OBJECT_STORE_ACCESS_KEY: objects.accessKeyId,
    MIMEO_OBJECT_STORE_SECRET_KEY: 'secret',
  };
  server = await mimeo.start(settings);
});
afterAll(async () => {
  await mimeo.remove();
  await objects.close();
});

async function credentials(): Promise<{ authorization: string }> {
  return { authorization: `Bearer ${(await readFile(join(mimeo.dataDirectory, 'token'), 'utf8')).trim()}` };
}

async function ask<Answer>(method: string, path: string, body?: object): Promise<Answer> {
  const headers = { ...(await credentials()), 'content-type': 'application/json' };
  const payload = body === undefined ? {} : { body: JSON.stringify(body) };
  const response = await fetch(`${server.url}/api/v1${path}`, { method, headers, ...payload });
  return (await response.json()) as Answer;
}

async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await condition())) await sleep(20);
}

async function restart(): Promise<void> {
  expect(await server.end('SIGKILL')).toBeNull();
  objects.intervene = () => undefined;
  objects.requests.length = 0;
  server = await mimeo.start(settings);
}

async function stateOf({ id }: Task): Promise<string> {
  return (await ask<Task>('GET', `/tasks/${id}`)).state;
}

it('goes on with an import from what was stored, and with an export from its beginning', {
  timeout: 60_000,
}, async () => {
  objects.intervene = (line) => (line.startsWith('GET') ? { slow: 32 * 1024 } : undefined);
  const disks = [{ bucket: 'images', object: 'golden.raw', role: 'system' }];
  const imported = await ask<Task>('POST', '/imports', { region: 'north', name: 'golden', disks });
  await until(async () => (await storedOf(imported)) >= 4 * MiB);
  await restart();
  await until(async () => (await stateOf(imported)) === 'succeeded');
  const [line = ''] = objects.requests.filter((request) => request.startsWith('GET'));
  expect(Number(/bytes=(\d+)-$/.exec(line)?.[1])).toBeGreaterThanOrEqual(4 * MiB);

  objects.intervene = (line) => (line.includes('partNumber=3') ? { wait: never } : undefined);
  const exported = await ask<Task>('POST', `/images/${imported.imageId}/export`, { bucket: 'images', prefix: 'out' });
  await until(() => objects.requests.some((request) => request.includes('partNumber=3')));
  await restart();
  await until(async () => (await stateOf(exported)) === 'succeeded');
  const [object] = [...(objects.buckets.get('images') ?? [])].flatMap(([key, bytes]) =>
    key.startsWith('out_m-') ? [bytes] : [],
  );
  expect(object?.equals(disk)).toBe(true);
  expect(objects.uploads.size).toBe(0);
});

/** Bytes of the image that are stored for good. */
async function storedOf({ imageId }: Task): Promise<number> {
  const url = `${server.url}/api/v1/images/${imageId}/disks/0/content`;
  const response = await fetch(url, { method: 'HEAD', headers: await credentials() });
  return Number(response.headers.get('upload-offset'));
}
