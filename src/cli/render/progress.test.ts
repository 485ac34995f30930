import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { createProgress } from './progress.ts';
import { createTransferProgress } from './transfer-progress.ts';

function logFile() {
  const lines: string[] = [];
  const stream = new Writable({
    write(line: Buffer, _encoding, done) {
      lines.push(line.toString());
      done();
    },
  });
  return { lines, stream };
}

test('away from a terminal there is a line every five seconds at most', () => {
  const { lines, stream } = logFile();
  let time = 0;
  const progress = createProgress(stream, 'copy', { now: () => time });
  for (time = 0; time <= 12_000; time += 1000) progress.update(time / 1000, 'so far');
  progress.stop();
  expect(lines).toEqual(['copy: 0 %, so far\n', 'copy: 5 %, so far\n', 'copy: 10 %, so far\n']);
});

test('a transfer shows the rate of its last seconds, and how long it will take', () => {
  const { lines, stream } = logFile();
  const MiB = 1024 ** 2;
  let time = 0;
  const progress = createTransferProgress(stream, 'import', 1000 * MiB, { now: () => time });
  // 10 MiB/s for ten seconds, then 50 MiB/s.
  for (let second = 1; second <= 16; second++) {
    time = second * 1000;
    progress.reach((second <= 10 ? second * 10 : 100 + (second - 10) * 50) * MiB);
  }
  expect(lines).toEqual([
    'import: 1 %, 10 MiB of 1000 MiB, 10 MiB/s, 1 min 39 s left\n',
    'import: 6 %, 60 MiB of 1000 MiB, 10 MiB/s, 1 min 34 s left\n',
    'import: 15 %, 150 MiB of 1000 MiB, 18 MiB/s, 47 s left\n',
    'import: 40 %, 400 MiB of 1000 MiB, 50 MiB/s, 12 s left\n',
  ]);
});
