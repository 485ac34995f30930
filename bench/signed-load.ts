/**
 * `node signed-load.ts URL KEY SECRET COUNT FILE`: fires so many requests of Alibaba Cloud's API, the file being a JSON list of
 * `[action, parameters]` that they go through by turns, and prints what autocannon measured. All are signed before the first
 * is sent, so that the load's own work is that of any HTTP client.
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { type AliyunParameters, createAliyunClient } from '../test/support/aliyun-client.ts';
import { type Shot, signedConnections } from './load.ts';

interface CannonOptions {
  readonly url: string;
  readonly connections: number;
  readonly amount: number;
  readonly requests: readonly { readonly setupRequest: (request: object) => object }[];
}
type Load = Promise<Shot> & { on(event: 'response', heard: () => void): void };
const autocannon = createRequire(import.meta.url)('autocannon') as (options: CannonOptions) => Load;

const [url = '', accessKeyId = '', secret = '', count = '', file = ''] = process.argv.slice(2);
const client = createAliyunClient({ url, accessKeyId, secret });
const cycle = JSON.parse(await readFile(file, 'utf8')) as [action: string, parameters: AliyunParameters][];
const paths = Array.from({ length: Number(count) }, (_, number) => {
  const [action, parameters] = cycle[number % cycle.length] as [string, AliyunParameters];
  return client.sign(action, parameters, { method: 'GET' }).path;
});

let sent = 0;
const began = performance.now();
let ended = began;
const load = autocannon({
  url,
  connections: signedConnections,
  amount: paths.length,
  // Asked for once for each request, and once more for each connection, before its first.
  requests: [{ setupRequest: (request) => ({ ...request, path: paths[sent++ % paths.length] }) }],
});
load.on('response', () => {
  ended = performance.now();
});
const shot = await load;
// autocannon looks once a second whether it is done, and takes that for the time it took.
const average = (paths.length / (ended - began)) * 1000;
console.log(JSON.stringify({ ...shot, requests: { average } }));
