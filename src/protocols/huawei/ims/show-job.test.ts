import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestHuawei, type TestHuawei } from '../../../../test/support/huawei-api.ts';
import { expectImageFault } from '../../../../test/support/huawei-faults.ts';
import { copyImage, finishCopy, makeImage } from '../../../../test/support/installation.ts';
import { insertPlainTask, makePlainImage } from '../../../../test/support/plain-image.ts';
import { cancelCopy } from '../../../app/cancel-copy.ts';
import { deleteImage } from '../../../app/delete-image.ts';
import { keepReceipt } from '../../../app/receipts.ts';
import { createAgency } from '../../../app/tenants/agencies.ts';
import { createProject } from '../../../app/tenants/projects.ts';
import { inTransaction } from '../../../db/database.ts';
import { claimTask, moveTask, saveTaskProgress } from '../../../db/tasks.ts';
import type { ImageKind } from '../../../domain/image.ts';
import type { TaskHolder } from '../../../domain/task.ts';
import { commonFaults } from '../common-faults.ts';
import { fromHexId, toHexId } from '../ids.ts';
import { jobFaults } from './find-job.ts';
import { jobErrorOf } from './job-errors.ts';
import { jobTypes } from './job-types.ts';
import { viewJob } from './job-view.ts';

const MiB = 1024 ** 2;
const moment = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

let huawei: TestHuawei;
/** Of the account's default project in the north. */
let project: string;
beforeAll(async () => {
  huawei = await createTestHuawei();
  project = await huawei.projectOf('north');
  await createAgency(huawei.installation.context, huawei.caller, {
    name: 'ims_copy',
    description: '',
    trustedAccount: null,
    grants: [{ project: 'south', role: 'operator' }],
    expiresAt: null,
  });
});
afterAll(() => huawei.close());

const show = (job: string, client = huawei.client) => client.call('GET', `/v1/${project}/jobs/${job}`);
const showProgress = (job: string, client = huawei.client) => client.call('GET', `/v1/cloudimages/job/${job}`);

async function startCopy(image: string, to: 'north' | 'south'): Promise<string> {
  const elsewhere = { region: 'south', project_name: 'south', agency_name: 'ims_copy' };
  const [call, body] = to === 'north' ? ['copy', {}] : ['cross_region_copy', elsewhere];
  const path = `/v1/cloudimages/${image}/${call}`;
  const answer = await huawei.client.call('POST', path, { body: { name: 'golden', description: '', ...body } });
  expect(answer.status).toBe(200);
  return answer.body.job_id;
}

const finish = (job: string) => finishCopy(huawei.installation, huawei.caller, fromHexId(job) as string);

async function imageOf(job: string): Promise<string> {
  const { db } = huawei.installation.context;
  const row = db
    .selectFrom('copies')
    .select('destination_image')
    .where('id', '=', fromHexId(job) as string);
  return (await row.executeTakeFirstOrThrow()).destination_image;
}

describe('the job of a copy', () => {
  it('in its region waits, and succeeds', async () => {
    const { context } = huawei.installation;
    const image = await makeImage(context, huawei.caller, [randomBytes(MiB)]);
    const job = await startCopy(image.id, 'north');
    const image_id = await imageOf(job);
    const waiting = {
      status: 'INIT',
      job_id: job,
      job_type: 'imsCopyImageInRegionJob',
      begin_time: moment,
      end_time: '',
      error_code: null,
      fail_reason: null,
      entities: { image_id, image_name: 'golden', process_percent: 0, current_task: '' },
    };
    const none = { subJobId: '', sub_jobs_result: [], sub_jobs_list: [] };
    expect((await show(job)).body).toEqual(waiting);
    expect((await showProgress(job)).body).toEqual({ ...waiting, entities: { ...waiting.entities, ...none } });

    await finish(job);
    const entities = { ...waiting.entities, process_percent: 1 };
    const done = { ...waiting, status: 'SUCCESS', end_time: moment, entities };
    const { status, body } = await show(job);
    expect({ status, body }).toEqual({ status: 200, body: done });
    expect(Date.parse(body.end_time)).toBeGreaterThanOrEqual(Date.parse(body.begin_time));
    expect((await showProgress(job)).body).toEqual({ ...done, entities: { ...entities, ...none } });
  });

  it('between regions runs with growing progress, is asked about where the source lies, and has the new image', async () => {
    const { context, fail } = huawei.installation;
    const image = await makeImage(context, huawei.caller, [randomBytes(4 * MiB)]);
    const job = await startCopy(image.id, 'south');
    const image_id = await imageOf(job);
    // Progress is counted by MiB, which are four packs, and written down twice a second.
    fail('south', { put: (call) => (call === 10 ? { delay: 1200 } : undefined) });
    let isDone = false;
    const running = finish(job).finally(() => {
      isDone = true;
    });
    const seen = [];
    while (!isDone) {
      seen.push((await show(job)).body);
      await sleep(50);
    }
    await running;
    fail('south');

    const steps = seen.filter(({ status }) => status === 'RUNNING');
    expect(steps[0]).toMatchObject({
      job_type: 'imsCrossRegionCopyImageJob',
      end_time: '',
      entities: { image_id, image_name: 'golden', current_task: 'CrossRegionCopyImageTask:' },
    });
    const progress = steps.map(({ entities }) => entities.process_percent);
    expect(progress).toEqual(progress.toSorted((one, other) => one - other));
    expect(progress.some((part) => part > 0 && part < 1)).toBe(true);
    // P1
    expect(Math.max(...progress)).toBeLessThan(1);
    const south = await huawei.newClient('viewer', { region: 'south' });
    for (const body of [(await show(job)).body, (await showProgress(job, south)).body]) {
      expect(body).toMatchObject({ status: 'SUCCESS', error_code: null, end_time: moment });
      expect(body.entities).toMatchObject({ image_id, process_percent: 1, current_task: '' });
    }
  }, 15_000);

  it('fails with a code and a reason, at the top and in its entities', async () => {
    const { context } = huawei.installation;
    const image = await makePlainImage(context, huawei.caller);
    const job = await startCopy(image.id, 'south');
    const image_id = await imageOf(job);
    const { failure } = await finish(job);
    const { body } = await show(job);
    expect(body).toEqual({
      status: 'FAIL',
      job_id: job,
      job_type: 'imsCrossRegionCopyImageJob',
      begin_time: moment,
      end_time: moment,
      error_code: expect.stringMatching(/^IMG\.\d{4}$/),
      fail_reason: failure?.message,
      entities: {
        image_id,
        image_name: 'golden',
        process_percent: 0,
        current_task: '',
        error_code: body.error_code,
        error: failure?.message,
      },
    });
  });

  it('that is cancelled has failed, and its image is gone', async () => {
    const { context } = huawei.installation;
    const { id } = await makePlainImage(context, huawei.caller);
    const copy = await copyImage(context, huawei.caller, { image: id, region: 'south' });
    await cancelCopy(context, huawei.caller, copy.id);
    expect((await show(toHexId(copy.id))).body).toMatchObject({
      status: 'FAIL',
      end_time: moment,
      error_code: 'IMG.0061',
      fail_reason: 'The job was cancelled.',
      entities: { image_id: copy.destinationImageId, image_name: '' },
    });
  });

  it('that another dialect made is one, too, called as its image is', async () => {
    const { context } = huawei.installation;
    const { id } = await makePlainImage(context, huawei.caller, { name: 'by the native API' });
    const copy = await copyImage(context, huawei.caller, { image: id, region: 'north' });
    const { body } = await show(toHexId(copy.id));
    expect(body).toMatchObject({ job_type: 'imsCopyImageInRegionJob', entities: { image_name: 'by the native API' } });
    expect((await show(copy.id)).body).toEqual(body);
  });
});

describe('the job of a task', () => {
  async function newTask(kind: 'import' | 'export', image: { kind?: ImageKind } = {}) {
    const { context } = huawei.installation;
    const made = await makePlainImage(context, huawei.caller, { name: 'of a task', ...image });
    const { id } = await inTransaction(context.db, (trx) => insertPlainTask(trx, made, kind));
    return { image: made.id, id, job: toHexId(id) };
  }

  /** As a worker does. */
  async function take(id: string): Promise<TaskHolder> {
    const { db, server } = huawei.installation.context;
    const claim = await inTransaction(db, (trx) => claimTask(trx, { server, now: 1, leaseUntil: Date.now() + 60_000 }));
    expect(claim?.holder.id).toBe(id);
    return claim?.holder as TaskHolder;
  }

  it.each([
    ['import', 'system-disk', 'imsImportImageJob', 'ImportImageTask:'],
    ['import', 'data-disk', 'imsImportDataImageJob', 'ImportDataImageTask:'],
    ['export', 'system-disk', 'imsNativeExportImageJob', 'ExportImageTask:'],
  ] as const)('that is the %s of a %s is called %s', async (task, kind, job_type, current_task) => {
    const { context } = huawei.installation;
    const { image, id, job } = await newTask(task, { kind });
    const entities = { image_id: image, image_name: 'of a task', process_percent: 0, current_task: '' };
    expect((await show(job)).body).toEqual({
      status: 'INIT',
      job_id: job,
      job_type,
      begin_time: '1970-01-01T00:00:00.000Z',
      end_time: '',
      error_code: null,
      fail_reason: null,
      entities,
    });
    const holder = await take(id);
    await saveTaskProgress(context.db, holder, { bytesDone: 90, bytesPerSecond: 0, leaseUntil: Date.now() + 60_000 });
    expect((await showProgress(job)).body).toMatchObject({
      status: 'RUNNING',
      entities: { ...entities, process_percent: 0.45, current_task },
    });
    const failure = { code: 'object-denied', message: 'no access to the bucket' } as const;
    await inTransaction(context.db, (trx) => moveTask(trx, id, { event: 'failed', holder, failure }, 2));
    expect((await show(job)).body).toMatchObject({
      status: 'FAIL',
      end_time: '1970-01-01T00:00:00.002Z',
      error_code: 'IMG.0057',
      fail_reason: 'no access to the bucket',
    });
  });

  it('that consists of several begins with the first, ends with the last, and fails with one of them', async () => {
    const { context } = huawei.installation;
    const [system, data] = [await newTask('import'), await newTask('import', { kind: 'data-disk' })];
    const result = { tasks: [system.id, data.id] };
    const receipt = await keepReceipt(context, huawei.caller, { kind: jobTypes.importImage, result });
    const job = toHexId(receipt.id);
    const entities = { image_id: system.image, image_name: 'of a task' };
    expect((await show(job)).body).toMatchObject({ status: 'INIT', job_id: job, end_time: '', entities });
    const holder = await take(system.id);
    await inTransaction(context.db, (trx) => moveTask(trx, system.id, { event: 'succeeded', holder }, 5));
    expect((await showProgress(job)).body).toMatchObject({
      status: 'RUNNING',
      end_time: '',
      entities: { process_percent: 0.5, current_task: 'ImportImageTask:', subJobId: '' },
    });
    const failure = { code: 'object-gone', message: 'it is gone' } as const;
    await inTransaction(context.db, (trx) => moveTask(trx, data.id, { event: 'failed', failure }, 3));
    const part = { begin_time: '1970-01-01T00:00:00.000Z', error_code: null, fail_reason: null };
    const failed = { error_code: 'IMG.0057', fail_reason: 'it is gone' };
    expect((await show(job)).body).toEqual({
      status: 'FAIL',
      job_id: job,
      job_type: 'imsImportImageJob',
      begin_time: moment,
      end_time: '1970-01-01T00:00:00.005Z',
      ...failed,
      entities: {
        ...entities,
        process_percent: 0.5,
        current_task: '',
        error_code: 'IMG.0057',
        error: 'it is gone',
        sub_jobs_list: [system.job, data.job],
        sub_jobs_result: [
          {
            ...part,
            status: 'SUCCESS',
            job_id: system.job,
            job_type: 'imsImportImageJob',
            end_time: '1970-01-01T00:00:00.005Z',
            entities,
          },
          {
            ...part,
            ...failed,
            status: 'FAIL',
            job_id: data.job,
            job_type: 'imsImportDataImageJob',
            end_time: '1970-01-01T00:00:00.003Z',
            entities: { ...entities, image_id: data.image },
          },
        ],
      },
    });
  });

  it('outlives its image', async () => {
    const { context } = huawei.installation;
    const { image, id, job } = await newTask('export');
    const holder = await take(id);
    await inTransaction(context.db, (trx) => moveTask(trx, id, { event: 'succeeded', holder }, 2));
    await deleteImage(context, huawei.caller, image);
    expect((await show(job)).body).toMatchObject({
      status: 'SUCCESS',
      entities: { image_id: image, image_name: '', process_percent: 1 },
    });
  });
});

it('what was done at once is a job that has succeeded', async () => {
  const { context } = huawei.installation;
  const results = [{ image_id: randomUUID(), project_id: project, status: 'success' }];
  const result = { entities: { results } };
  const { id } = await keepReceipt(context, huawei.caller, { kind: jobTypes.addMembers, result });
  const { body } = await show(toHexId(id));
  expect(body).toEqual({
    status: 'SUCCESS',
    job_id: toHexId(id),
    job_type: 'imsAddImageMembersJob',
    begin_time: moment,
    end_time: body.begin_time,
    error_code: null,
    fail_reason: null,
    entities: { results, process_percent: 1, current_task: '' },
  });
});

describe('a job that is not there', () => {
  it.each(['0'.repeat(32), 'ff808082843684110184e155fdb36461', randomUUID(), 'job', '%20', 'x'.repeat(32)])(
    'is one that was never made: %s',
    async (job) => {
      expectImageFault(await show(job), jobFaults.jobNotFound);
      expectImageFault(await showProgress(job), jobFaults.jobNotFound);
    },
  );

  it("is another account's, of each kind", async () => {
    const { context, newCaller } = huawei.installation;
    const stranger = await newCaller();
    const image = await makePlainImage(context, stranger);
    const copy = await copyImage(context, stranger, { image: image.id, region: 'south' });
    const task = await inTransaction(context.db, (trx) => insertPlainTask(trx, image, 'export'));
    const receipt = await keepReceipt(context, stranger, { kind: jobTypes.addMembers, result: {} });
    const own = await huawei.newClient('viewer', { caller: stranger });
    for (const { id } of [copy, task, receipt]) {
      expectImageFault(await showProgress(toHexId(id)), jobFaults.jobNotFound);
      expect((await showProgress(toHexId(id), own)).status).toBe(200);
    }
  });

  it('and not one that is asked for in another project of the account', async () => {
    const { context, newCaller } = huawei.installation;
    const other = { region: 'north', name: 'north_other', description: '' };
    const { result } = await createProject(context, huawei.caller, other);
    const job = await startCopy((await makePlainImage(context, huawei.caller)).id, 'north');
    for (const id of [toHexId(result.id), await huawei.projectOf('south')]) {
      expect((await huawei.client.call('GET', `/v1/${id}/jobs/${job}`)).body.job_id).toBe(job);
    }
    const foreign = await huawei.projectOf('north', await newCaller());
    for (const id of [foreign, 'north', '0'.repeat(32)]) {
      expectImageFault(await huawei.client.call('GET', `/v1/${id}/jobs/${job}`), commonFaults.projectInvalid);
    }
  });
});

it.each([
  ['imsCopyImageInRegionJob', 'CopyImageInRegionTask:'],
  ['imsAddImageMembersJob', ''],
])('a running %s is at %j', (type, current_task) => {
  const times = { createdAt: 0, finishedAt: null };
  const job = { id: randomUUID(), type, state: 'running', ...times, error: null, percent: 50, entities: {} } as const;
  expect(viewJob(job).entities).toEqual({ process_percent: 0.5, current_task });
});

it.each([
  [{ failure: null }, 'IMG.0061'],
  [{ failure: { code: 'not-permitted', message: 'm' }, agency: null }, 'IMG.0026'],
  [{ failure: { code: 'not-permitted', message: 'm' }, agency: 'ims_copy' }, 'IMG.0151'],
  [{ failure: { code: 'image-damaged', message: 'm' }, agency: 'ims_copy' }, 'IMG.0046'],
  [{ failure: { code: 'object-gone', message: 'm' } }, 'IMG.0057'],
] as const)('%j has the code %s', (ended, code) => {
  expect(jobErrorOf(ended)).toEqual({ code, reason: ended.failure?.message ?? 'The job was cancelled.' });
});
