import { expect, it, vi } from 'vitest';
import { isRoot } from './embedded.test-support.ts';
import { runProgram } from './program.ts';

it('hands nothing of our environment on', async () => {
  vi.stubEnv('MIMEO_TEST_SECRET', 'hidden');
  const names = (await runProgram('env', [], { runAs: undefined })).match(/^\w+(?==)/gm);
  expect(names?.sort()).toEqual(['LC_ALL', 'PATH', 'TZ']);
});

it('runs a program in a session of its own, out of reach of Ctrl-C at our terminal', async () => {
  const [pid, session] = (await runProgram('ps', ['-o', 'pid=,sess=', '-C', 'ps'], { runAs: undefined }))
    .trim()
    .split(/\s+/);
  expect(session).toBe(pid);
});

it.skipIf(!isRoot)('runs it as another user, without our groups (needs root)', async () => {
  const runAs = { name: 'nobody', uid: 65534, gid: 65534 };
  expect(await runProgram('id', [], { runAs })).toMatch(/^uid=65534\S* gid=65534\S* groups=65534\S*\n$/);
});

it('says how a program failed, and in its words', async () => {
  await expect(runProgram('ls', ['/no/such/file'], { runAs: undefined })).rejects.toThrow(
    /^ls ended with code \d: .*No such file or directory/,
  );
  await expect(runProgram('/no/such/program', [], { runAs: undefined })).rejects.toThrow('ENOENT');
});
