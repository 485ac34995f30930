/**
 * `node signed-load.ts URL KEY SECRET COUNT FILE`: fires so many requests of Alibaba Cloud's API, the file being a JSON list of
 * `[action, parameters]` that they go through by turns, and prints what autocannon measured. All are signed before the first
 * is sent, so that the load's own work is that of any HTTP client.
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { type AliyunParameters, createAliyunClient } from '../test/support/aliyun-client.ts';
import { full, type Shot } from './load.ts';

interface CannonOptions {
  readonly url: string;
  readonly connections: number;
  readonly amount: number;
  readonly requests: readonly { readonly setupRequest: (request: object) => object }[];
}
const autocannon = createRequire(import.meta.url)('autocannon') as (options: CannonOptions) => Promise<Shot>;

const [url = '', accessKeyId = '', secret = '', count = '', file = ''] = process.argv.slice(2);
const client = createAliyunClient({ url, accessKeyId, secret });
const cycle = JSON.parse(await readFile(file, 'utf8')) as [action: string, parameters: AliyunParameters][];
const paths = Array.from({ length: Number(count) }, (_, number) => {
  const [action, parameters] = cycle[number % cycle.length] as [string, AliyunParameters];
  return client.sign(action, parameters, { method: 'GET' }).path;
});

let sent = 0;
const shot = await autocannon({
  url,
  connections: full.connections,
  amount: paths.length,
  // Asked for once for each request, and once more for each connection, before its first.
  requests: [{ setupRequest: (request) => ({ ...request, path: paths[sent++ % paths.length] }) }],
});
// autocannon's own average counts the last, broken second as a whole one.
const average = paths.length / shot.duration;
console.log(JSON.stringify({ ...shot, requests: { average } }));
