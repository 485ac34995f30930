import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type LoopbackServer, startLoopbackServer } from '../loopback-server.test-support.ts';
import { runInProcess } from '../run.test-support.ts';

const entry = fileURLToPath(new URL('../entry.test-support.ts', import.meta.url));

let server: LoopbackServer;
let folder: string;

beforeEach(async () => {
  server = await startLoopbackServer();
  folder = await mkdtemp(join(tmpdir(), 'mimeo-completion-'));
  await writeFile(join(folder, 'token'), server.token);
});

afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

/** What completes `words`, of which the last may be unfinished. */
async function complete(...words: string[]): Promise<{ files: boolean; values: string[] }> {
  const env = { MIMEO_DATA_DIR: folder, MIMEO_SERVER: server.url };
  const { stdout } = await runInProcess({ env, args: ['complete', '--', ...words] });
  const [kind, ...lines] = stdout.trimEnd().split('\n');
  return { files: kind === 'files', values: lines.map((line) => line.split('\t')[0] ?? '') };
}

const words = (...values: string[]) => ({ files: false, values });

test.each<[string[], { files: boolean; values: string[] }]>([
  [['im'], words('image')],
  [['image', 'ex'], words('export', 'export-object')],
  [['image', 'import', ''], { files: true, values: [] }],
  [['--ca-file', ''], { files: true, values: [] }],
  [['image', 'list', '--state', 'up'], words('uploading')],
  [['image', 'list', '--state=up'], words('--state=uploading')],
  [['image', 'list', '--state', '=', 'up'], words('uploading')],
  [['image', 'list', '--na'], words('--name')],
  [['image', 'list', '--owner', 'o'], words('others')],
  [['image', 'import-object', '--data-o'], words('--data-object')],
  [['task', ''], words('list', 'show', 'cancel', 'help')],
  [['task', 'list', '--kind', 'e'], words('export')],
  [['image', 'list', '--js'], words('--json')],
  [['image', 'list', '--name', ''], words()],
  [['user', 'create', 'anna', '--role', 'o'], words('owner', 'operator')],
  [['copy', 'golden', '--to', 'e'], words('eu-1')],
  [['--json', 'image', 'show', 'g'], words('golden')],
  [['copy', 'golden', 'g'], words('golden')],
  [['completion', ''], words('bash', 'zsh', 'fish')],
  [['no', 'such', ''], words()],
])('%j', async (line, expected) => {
  server.addImage({ name: 'golden' });
  expect(await complete(...line)).toEqual(expected);
});

test('images of one name are told apart by their regions', async () => {
  for (const region of ['eu-1', 'us-1']) server.addImage({ name: 'golden', region });
  expect(await complete('image', 'show', '')).toEqual(words('us-1/golden', 'eu-1/golden'));
});

test('nothing is looked up where no server answers, or none may be asked', async () => {
  await writeFile(join(folder, 'token'), 'another');
  expect(await complete('image', 'show', '')).toEqual(words());
  await server.close();
  expect(await complete('copy', '--to', '')).toEqual(words());
});

test('a line names the server that is asked', async () => {
  server.addImage({ name: 'golden' });
  const args = ['complete', '--', '--server', server.url, '--token-file', join(folder, 'token'), 'image', 'show', ''];
  expect((await runInProcess({ args })).stdout).toBe('words\ngolden\teu-1\n');
});

test('bash completes, quotes what it must, and evaluates nothing that the server says', async () => {
  server.addImage({ name: 'my golden image' });
  server.addImage({ name: '$(touch pwned)`touch pwned`' });
  const bin = join(folder, 'bin');
  await mkdir(bin);
  await writeFile(join(bin, 'mimeo'), `#!/bin/sh\nexec '${process.execPath}' '${entry}' "$@"\n`, { mode: 0o755 });
  const script = `
    source <(mimeo completion bash)
    complete -p mimeo
    ask() {
      COMP_WORDS=(mimeo "$@") COMP_CWORD=$#
      _mimeo_completion 2>/dev/null
      printf '%s|' "\${COMPREPLY[@]}"
      echo
    }
    ask image sh
    ask image show ''
    ask image import ''
  `;
  const env = { PATH: `${bin}:/usr/bin:/bin`, MIMEO_DATA_DIR: folder, MIMEO_SERVER: server.url };
  const { stdout } = await promisify(execFile)('bash', ['--norc', '-c', script], { env, cwd: folder });
  expect(stdout.split('\n')).toEqual([
    'complete -o default -F _mimeo_completion mimeo',
    'show|',
    String.raw`\$\(touch\ pwned\)\`touch\ pwned\`|my\ golden\ image|`,
    '|',
    '',
  ]);
  expect(await readdir(folder)).not.toContain('pwned');
});
