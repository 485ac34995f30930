import { randomBytes } from 'node:crypto';
import { expect, it, onTestFinished } from 'vitest';
import { createTestApi } from '../../../test/support/native-api.ts';
import { startObjectServer } from '../../../test/support/object-server.ts';
import { openObjectServer } from '../../../test/support/open-object-server.ts';

interface Task {
  readonly id: string;
}

it('imports are shown and listed, page by page', async () => {
  const store = await startObjectServer();
  const objects = openObjectServer(store);
  const api = await createTestApi({ installation: { objects } });
  onTestFinished(async () => {
    await api.close();
    objects.close();
    await store.close();
  });
  store.buckets.get('images')?.set('disk', randomBytes(4096));
  const body = {
    region: 'north',
    name: 'imported',
    attributes: { osType: 'linux' },
    disks: [{ bucket: 'images', object: 'disk', role: 'system', format: 'raw' }],
  };
  const tasks: Task[] = [];
  for (const token of ['one', 'two', 'two']) {
    const { status, body: task } = await api.call('POST', '/imports', body, { 'idempotency-key': token });
    expect(status).toBe(202);
    expect(task).toMatchObject({
      kind: 'import',
      state: 'queued',
      percent: 0,
      bytesTotal: 4096,
      objects: [{ disk: 0, bucket: 'images', object: 'disk', format: 'raw', size: 4096 }],
    });
    tasks.push(task as Task);
  }
  const [first, second, again] = tasks;
  expect(again).toEqual(second);
  expect((await api.call('GET', `/tasks/${first?.id}`)).body).toEqual(first);

  const pages: Task[][] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const answer = await api.call('GET', `/tasks?kind=import&state=queued&limit=1${cursor && `&cursor=${cursor}`}`);
    const page = answer.body as { tasks: Task[]; nextCursor: string | null };
    pages.push(page.tasks);
    cursor = page.nextCursor;
  }
  // Of the same millisecond either may be the first.
  expect(pages.map((page) => page.length)).toEqual([1, 1]);
  expect(pages.flat()).toEqual(expect.arrayContaining([first, second]));
});
