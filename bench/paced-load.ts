/**
 * `node paced-load.ts URL TOKEN RATE SECONDS`: requests at even distances, whatever becomes of those before, and each one's
 * time from the moment at which it was due. autocannon sends what it owes a second in one burst as it begins, which measures
 * the server at its fullest.
 */
import { Agent, get } from 'node:http';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

/** What the program prints, as JSON. */
export interface PacedResult {
  /** Milliseconds, of every request. */
  readonly times: readonly number[];
  readonly failed: number;
}

const [url = '', token = '', rate = '', seconds = ''] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true });

/** Resolves with whether the answer was a success. */
async function request(): Promise<boolean> {
  return await new Promise((resolve) => {
    get(url, { agent, headers: { authorization: `Bearer ${token}` } }, (response) => {
      response.resume().once('close', () => resolve(response.statusCode === 200));
    }).once('error', () => resolve(false));
  });
}

const gapMs = 1000 / Number(rate);
const count = Number(rate) * Number(seconds);
const times: number[] = [];
let failed = 0;
const open: Promise<void>[] = [];
const begin = performance.now();
for (let number = 0; number < count; number++) {
  const due = begin + number * gapMs;
  await sleep(Math.max(0, due - performance.now()));
  open.push(
    request().then((succeeded) => {
      times.push(performance.now() - due);
      if (!succeeded) failed += 1;
    }),
  );
}
await Promise.all(open);
agent.destroy();
console.log(JSON.stringify({ times, failed } satisfies PacedResult));
