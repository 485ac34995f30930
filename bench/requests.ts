/**
 * Requests a second and their latencies, of one server on this machine with the load beside it: both share the processors.
 * The peers answer the same number of bytes from the same kind of server and database, and do nothing else.
 */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findImage, imageFile, makeImage } from './images.ts';
import { fire, full, gentleRate, pace, plainServer, quantile, shotHead, shotRow } from './load.ts';
import { nativeApi } from './native-api.ts';
import { table } from './report.ts';
import { type BenchServer, startServer } from './server.ts';

const [here, there, ...elsewhere] = ['cn-hangzhou', 'cn-shanghai', 'cn-north-1', 'cn-east-2'];

/** About what accepting one copy answers. */
const copyBytes = 700;

/** Measures in a data directory of its own below `folder` and returns the page's section. */
export async function measureRequests(folder: string): Promise<string> {
  await makeImage(folder, 'incompressible');
  const data = join(folder, `requests-${process.pid}`);
  await mkdir(data, { recursive: true });
  const server = await startServer(data, {
    MIMEO_REQUESTS_PER_MINUTE: '0',
    MIMEO_QUOTA_IMAGES: '1000000',
    MIMEO_QUOTA_SNAPSHOTS: '1000000',
  });
  try {
    return await measureAt(server, imageFile(folder, findImage('incompressible')));
  } finally {
    await server.stop();
    await rm(data, { recursive: true, force: true });
  }
}

async function measureAt(server: BenchServer, bigFile: string): Promise<string> {
  const { url, token } = await server.address();
  const { ask, get, post } = await nativeApi(server);
  const disks = [{ role: 'system', format: 'raw', size: 1024 ** 3 }];
  for (let number = 0; number < 999; number++) {
    await post('/images', { region: here, name: `image-${number}`, tags: { number: `${number}` }, disks });
  }
  await server.importImage(bigFile, here, 'big');
  const { images } = await get<{ images: [{ id: string }] }>('/images?name=big');
  const big = images[0].id;
  const show = `${url}/api/v1/images/${big}`;

  const rows: string[][] = [];
  for (const [name, target] of [
    ['show one image', `/images/${big}`],
    ['list 1,000 images', '/images?limit=1000'],
  ] as const) {
    const bytes = (await (await ask(target)).arrayBuffer()).byteLength;
    const plain = await plainServer(bytes);
    const peer = await fire(plain.url, token);
    plain.close();
    rows.push(shotRow(name, await fire(`${url}/api/v1${target}`, token), peer, bytes));
  }
  const floor = await plainServer(copyBytes);
  const calm = { peer: await pace(floor.url, token, 15), show: await pace(show, token, 15) };
  const busy: { peer: number[]; show: number[] } = { peer: [], show: [] };
  for (const region of [there, ...elsewhere]) {
    await post('/copies', { images: [big], regions: [region] });
    const [peerTimes, showTimes] = await Promise.all([pace(floor.url, token, 4), pace(show, token, 4)]);
    const running = async () => (await get<{ copies: unknown[] }>('/copies?state=running')).copies.length > 0;
    if (!(await running())) throw new Error('the copy was over before the requests were');
    busy.peer.push(...peerTimes);
    busy.show.push(...showTimes);
    while (await running()) await sleep(200);
  }
  floor.close();

  // Last, because what it accepts goes on for a while.
  const plain = await plainServer(copyBytes);
  const peer = await fire(plain.url, token, {});
  plain.close();
  const copy = { images: [big], regions: [here] };
  rows.push(shotRow('accept a copy', await fire(`${url}/api/v1/copies`, token, copy), peer, copyBytes));
  const paced: [string, readonly number[]][] = [
    ['the peer, with nothing else to do', calm.peer],
    ['show, with nothing else to do', calm.show],
    ['the peer, while 2 GiB of random bytes are copied to another region', busy.peer],
    ['show, in the same time', busy.show],
  ];
  return `## Requests

${full.connections} connections, as fast as they go. The peer is a plain \`node:http\` server that answers as many bytes.

${table(shotHead, rows)}

At ${gentleRate} requests a second, one every ${1000 / gentleRate} ms, timed from when each was due:

${table(
  ['', 'p50 ms', 'p99 ms', 'most ms'],
  paced.map(([name, times]) => [name, ...[0.5, 0.99, 1].map((share) => quantile(times, share).toFixed(1))]),
)}`;
}
