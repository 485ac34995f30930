import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  copyImage,
  createInstallation,
  finishCopy,
  type Installation,
  makeImage,
} from '../../test/support/installation.ts';
import type { Copy } from '../domain/copy.ts';
import type { Image } from '../domain/image.ts';
import { nativeCopyPolicy } from '../protocols/native/copy-policy.ts';
import { cancelCopy } from './cancel-copy.ts';
import type { AppContext, Caller } from './context.ts';
import { copyImages } from './copy-images.ts';
import { deleteImage } from './delete-image.ts';
import { findCopy } from './find-copy.ts';
import { findImage } from './find-image.ts';
import { retryCopy } from './retry-copy.ts';

let installation: Installation;
let context: AppContext;
let caller: Caller;
let image: Image;
beforeAll(async () => {
  installation = await createInstallation();
  context = installation.context;
});
afterEach(() => installation.expectSound());
afterAll(() => installation.close());

const wishes = { name: 'wanted', description: 'so', tags: { wanted: 'yes' } };

/** A copy that was cancelled. */
async function setUp(): Promise<Copy> {
  caller = await installation.newCaller();
  image = await makeImage(context, caller, [randomBytes(1000)]);
  const copy = await copyImage(context, caller, { image: image.id, region: 'south', ...wishes });
  return await cancelCopy(context, caller, copy.id);
}

describe('retryCopy', () => {
  it('makes a new copy with the same wishes, and leaves the old one as it ended', async () => {
    const old = await setUp();
    const { result: copy } = await retryCopy(context, { ...caller, role: 'operator' }, old.id);
    expect(copy).toMatchObject({
      state: 'queued',
      retryOf: old.id,
      sourceImageId: image.id,
      destinationRegion: 'south',
      wishes,
    });
    expect(copy.request).not.toBe(old.request);
    expect(await finishCopy(installation, caller, copy.id)).toMatchObject({ state: 'succeeded' });
    expect(await findImage(context, caller, copy.destinationImageId)).toMatchObject({ ...wishes, state: 'available' });
    expect(await findCopy(context, caller, old.id)).toEqual(old);
  });

  it('takes a failed one, too', async () => {
    const old = await setUp();
    const { db } = context;
    const { result: failing } = await retryCopy(context, caller, old.id);
    await db.updateTable('users').set({ disabled_at: 1 }).where('account', '=', caller.accountId).execute();
    expect(await finishCopy(installation, caller, failing.id)).toMatchObject({
      state: 'failed',
      failure: { code: 'not-permitted' },
    });
    await db.updateTable('users').set({ disabled_at: null }).where('account', '=', caller.accountId).execute();
    const { result: copy } = await retryCopy(context, caller, failing.id);
    expect(copy.retryOf).toBe(failing.id);
    expect(await finishCopy(installation, caller, copy.id)).toMatchObject({ state: 'succeeded' });
  });

  it('refuses one that has not ended so, is not there, or is not the caller’s to retry', async () => {
    const old = await setUp();
    const { result: copy } = await retryCopy(context, caller, old.id);
    const refusal = { code: 'copy.not-retryable', facts: { copy: copy.id } };
    await expect(retryCopy(context, caller, copy.id)).rejects.toMatchObject({ ...refusal, facts: { state: 'queued' } });
    await finishCopy(installation, caller, copy.id);
    await expect(retryCopy(context, caller, copy.id)).rejects.toMatchObject({
      ...refusal,
      facts: { state: 'succeeded' },
    });
    for (const id of [randomUUID(), 'x', '\0']) {
      await expect(retryCopy(context, caller, id)).rejects.toMatchObject({
        code: 'copy.not-found',
        facts: { copy: id },
      });
    }
    await expect(retryCopy(context, await installation.newCaller(), old.id)).rejects.toMatchObject({
      code: 'copy.not-found',
    });
    await expect(retryCopy(context, { ...caller, role: 'viewer' }, old.id)).rejects.toMatchObject({
      code: 'forbidden',
    });
    await deleteImage(context, caller, image.id);
    await expect(retryCopy(context, caller, old.id)).rejects.toMatchObject({
      code: 'image.not-found',
      facts: { image: image.id },
    });
  });

  it('is done once for a token, which is no good for another retry or a copy that is asked for itself', async () => {
    const old = await setUp();
    const token = randomUUID();
    const { result: copy } = await retryCopy(context, caller, old.id, token);
    expect(await retryCopy(context, caller, old.id, token)).toMatchObject({ result: { id: copy.id }, replayed: true });
    const other = await cancelCopy(context, caller, copy.id);
    const mismatch = { code: 'request.idempotency-mismatch' };
    await expect(retryCopy(context, caller, other.id, token)).rejects.toMatchObject(mismatch);
    const command = { policy: nativeCopyPolicy, images: [image.id], regions: ['south'], ...wishes };
    await expect(copyImages(context, caller, command, { token })).rejects.toMatchObject(mismatch);
  });
});
