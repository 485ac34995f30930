/** Copies that encrypt, decrypt, or encrypt with another key: from the request to the bytes. */
import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeKey } from '../../test/support/encrypted-image.ts';
import {
  copyImage,
  createInstallation,
  finishCopy,
  type Installation,
  makeImage,
  never,
  readBytes,
  type TestRegion,
} from '../../test/support/installation.ts';
import { cancelCopy } from '../app/cancel-copy.ts';
import { collectStore } from '../app/collect-store.ts';
import type { Caller } from '../app/context.ts';
import { copyImages } from '../app/copy-images.ts';
import { deleteImage } from '../app/delete-image.ts';
import { findCopy } from '../app/find-copy.ts';
import { findImage } from '../app/find-image.ts';
import { disableKey, enableKey } from '../app/keys/change-key.ts';
import { cancelKeyDeletion, destroyDueKeys, scheduleKeyDeletion } from '../app/keys/key-deletion.ts';
import { revokeKey } from '../app/keys/key-grants.ts';
import { listEvents } from '../app/list-events.ts';
import { planCopies } from '../app/plan-copies.ts';
import { retryCopy } from '../app/retry-copy.ts';
import { verifyStore } from '../app/verify-store.ts';
import type { Copy } from '../domain/copy.ts';
import type { Image } from '../domain/image.ts';
import type { Key } from '../domain/key.ts';
import { KeyProviderError } from '../kms/key-provider.ts';
import { nativeCopyPolicy } from '../protocols/native/copy-policy.ts';
import { runCopy } from './copy-image.ts';
import { ShuttingDownError } from './copy-outcome.ts';

const MiB = 1024 * 1024;
/** Not to be found in a store by chance, and uncompressible, so that a plain store has it as it is. */
const marker = randomBytes(64);

let installation: Installation;
let caller: Caller;
let disk: Buffer;
let image: Image;
/** Keys of the north and of the south, which the image service may use. */
let north: Key;
let south: Key;

beforeAll(async () => {
  installation = await createInstallation({ groupCap: 2 });
});
beforeEach(async () => {
  caller = await installation.newCaller();
  disk = Buffer.concat([randomBytes(1.25 * MiB), Buffer.alloc(0.5 * MiB), marker, randomBytes(0.5 * MiB)]);
  image = await makeImage(installation.context, caller, [disk]);
  north = await newKey('north');
  south = await newKey('south');
});
afterEach(() => installation.expectSound());
afterAll(() => installation.close());

const newKey = (region: TestRegion): Promise<Key> => makeKey(installation, caller, region);

function accept(region: TestRegion, encryption?: string, of = image): Promise<Copy> {
  return copyImage(installation.context, caller, { image: of.id, region, encryption });
}

/** Copies it and returns the new image. */
async function copied(region: TestRegion, encryption?: string, of = image): Promise<Image> {
  const copy = await finishCopy(installation, caller, (await accept(region, encryption, of)).id);
  expect(copy).toMatchObject({ state: 'succeeded', failure: null });
  expect(copy.progress.bytesDone).toBe(copy.progress.bytesTotal);
  return await findImage(installation.context, caller, copy.destinationImageId);
}

const bytesOf = ({ id }: Image) => readBytes(installation.context, caller, id);

async function manifestOf({ id }: Image) {
  const { db } = installation.context;
  return await db
    .selectFrom('disks')
    .innerJoin('manifests', 'manifests.id', 'disks.manifest')
    .leftJoin('data_keys', 'data_keys.id', 'manifests.data_key')
    .select(['manifests.id', 'manifests.root', 'data_keys.id as dataKey', 'data_keys.key', 'data_keys.context'])
    .where('disks.image', '=', id)
    .executeTakeFirstOrThrow();
}

/** Of its disks, in no order. */
async function dataKeysOf({ id }: Image): Promise<(string | null)[]> {
  const found = await installation.context.db
    .selectFrom('disks')
    .innerJoin('manifests', 'manifests.id', 'disks.manifest')
    .select('manifests.data_key as dataKey')
    .where('disks.image', '=', id)
    .execute();
  return found.map(({ dataKey }) => dataKey);
}

async function countLogged(manifest: string): Promise<number> {
  const { count } = await installation.context.db
    .selectFrom('upload_segments')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('manifest', '=', manifest)
    .executeTakeFirstOrThrow();
  return count;
}

/** So that those who run the installation see it, too. */
async function makePublic({ id }: Image): Promise<void> {
  await installation.context.db.updateTable('images').set({ visibility: 'public' }).where('id', '=', id).execute();
}

/** Whether the marker stands in any blob of the region, as a plain image's does. */
async function hasMarker(region: TestRegion): Promise<boolean> {
  const store = installation.blobs[region];
  for await (const { key } of store.list('')) {
    const bytes = await store.get(key);
    if (Buffer.from(bytes).includes(marker)) return true;
  }
  return false;
}

async function uses(): Promise<string[]> {
  const { events } = await listEvents(installation.context, caller, { type: 'key.used', limit: 100 });
  return events
    .toReversed()
    .map(({ resource, region, outcome, details }) => `${resource.id} ${region} ${details['purpose']} ${outcome}`);
}

async function collect(): Promise<void> {
  installation.advance(1);
  await collectStore(installation.context, installation.operator, false, never);
}

const refused = (code: string, facts: object = {}) => expect.objectContaining({ name: 'RefusalError', code, facts });

describe('a copy that encrypts', () => {
  it('stores nothing of the disk that can be read without the key, and gives back every byte', async () => {
    const made = await copied('south', south.id);
    expect((await bytesOf(made)).equals(disk)).toBe(true);
    expect(made).toMatchObject({ state: 'available', disks: [{ key: south.id, digest: null }] });
    expect(await hasMarker('south')).toBe(false);
    expect(await hasMarker('north')).toBe(true);
    expect(await manifestOf(made)).toMatchObject({
      key: south.id,
      context: { account: caller.accountId, image: made.id, region: 'south', disk: '0' },
    });
    expect(await uses()).toEqual([`${south.id} south encrypt succeeded`, `${south.id} south decrypt succeeded`]);
    expect(await installation.context.db.selectFrom('uploads').select('image').execute()).toEqual([]);
  });

  it('does so in its own region, too, and knows the default key and aliases', async () => {
    const made = await copied('north', 'default');
    expect((await bytesOf(made)).equals(disk)).toBe(true);
    const [{ key }] = made.disks as [Image['disks'][0]];
    expect(key).not.toBe(north.id);
    const again = await copied('south', 'default', made);
    expect(await bytesOf(again)).toEqual(disk);
    expect(again.disks[0]?.key).not.toBe(key);
  });

  it('gives each disk of an image a data key of its own', async () => {
    const two = await makeImage(installation.context, caller, [disk, disk]);
    const made = await copied('south', south.id, two);
    expect(new Set(await dataKeysOf(made)).size).toBe(2);
    expect(await readBytes(installation.context, caller, made.id, 1)).toEqual(disk);
  });

  it('goes on where an attempt left off that was killed, with the same data key', async () => {
    const long = randomBytes(10 * MiB);
    const copy = await accept('south', south.id, await makeImage(installation.context, caller, [long]));
    const { db } = installation.context;
    const jobOf = async () =>
      (await db.selectFrom('copies').select('job').where('id', '=', copy.id).executeTakeFirstOrThrow()).job as string;
    let packs = 0;
    const abort = new AbortController();
    const { put } = installation.blobs.south;
    installation.blobs.south.put = async (key, bytes, options) => {
      await put(key, bytes, options);
      if (++packs === 30) abort.abort(new ShuttingDownError());
    };
    await runCopy(copy.id, await jobOf(), installation.copying, abort);
    installation.blobs.south.put = put;
    const half = await findImage(installation.context, caller, copy.destinationImageId);
    const before = await manifestOf(half);
    expect(await findCopy(installation.context, caller, copy.id)).toMatchObject({ state: 'queued', attempts: 1 });
    expect(await countLogged(before.id)).toBeGreaterThan(0);

    await runCopy(copy.id, await jobOf(), installation.copying, new AbortController());
    expect(await findCopy(installation.context, caller, copy.id)).toMatchObject({ state: 'succeeded', attempts: 2 });
    const { id, dataKey } = await manifestOf(half);
    expect({ id, dataKey }).toEqual({ id: before.id, dataKey: before.dataKey });
    expect((await bytesOf(half)).equals(long)).toBe(true);
    expect((await uses()).filter((use) => use.includes('encrypt'))).toHaveLength(1);
  });

  it('leaves nothing behind when it is cancelled', async () => {
    const copy = await accept('south', south.id);
    const { db } = installation.context;
    const { job } = await db.selectFrom('copies').select('job').where('id', '=', copy.id).executeTakeFirstOrThrow();
    installation.fail('south', { put: () => ({ throws: 'retryable' }) });
    await runCopy(copy.id, job as string, installation.copying, new AbortController());
    installation.fail('south');
    const { dataKey } = await manifestOf(await findImage(installation.context, caller, copy.destinationImageId));
    await cancelCopy(installation.context, caller, copy.id);
    await collect();
    const left = db.selectFrom('data_keys').select('id').where('id', '=', dataKey);
    expect(await left.execute()).toEqual([]);
  });
});

describe('a copy of an encrypted image', () => {
  let sealed: Image;
  beforeEach(async () => {
    sealed = await copied('north', north.id);
  });

  it('shares its bytes in its region, under the key that it has, whether that is named or not', async () => {
    for (const encryption of [undefined, north.id]) {
      const copy = await finishCopy(installation, caller, (await accept('north', encryption, sealed)).id);
      expect(copy).toMatchObject({ state: 'succeeded', progress: { bytesMoved: 0 } });
      const made = await findImage(installation.context, caller, copy.destinationImageId);
      expect(await manifestOf(made)).toEqual(await manifestOf(sealed));
      expect((await bytesOf(made)).equals(disk)).toBe(true);
    }
  });

  it.each([
    ['another key of its region', 'north', true],
    ['a key of another region', 'south', true],
    ['none, in its region', 'north', false],
    ['none, in another region', 'south', false],
  ] as const)('is stored anew under %s', async (_, region, isEncrypted) => {
    const key = isEncrypted ? await newKey(region) : undefined;
    const made = await copied(region, key?.id ?? 'none', sealed);
    expect((await bytesOf(made)).equals(disk)).toBe(true);
    expect(made.disks[0]?.key ?? undefined).toBe(key?.id);
    expect((await manifestOf(made)).id).not.toBe((await manifestOf(sealed)).id);
    if (!isEncrypted) expect(made.disks[0]?.digest).toBe(image.disks[0]?.digest);
    if (isEncrypted && region === 'south') expect(await hasMarker('south')).toBe(false);
  });

  it('asks for a key of the region that it goes to', async () => {
    const facts = { image: sealed.id, region: 'south' };
    await expect(accept('south', undefined, sealed)).rejects.toEqual(refused('key.required', facts));
    await expect(accept('south', north.id, sealed)).rejects.toEqual(
      refused('key.other-region', { key: north.id, region: 'north' }),
    );
  });

  it('lives on when its source is deleted, and takes its data key with it when it is the last', async () => {
    const made = await copied('north', undefined, sealed);
    const { dataKey } = await manifestOf(made);
    await deleteImage(installation.context, caller, sealed.id);
    await collect();
    expect((await bytesOf(made)).equals(disk)).toBe(true);
    await deleteImage(installation.context, caller, made.id);
    await collect();
    const left = installation.context.db.selectFrom('data_keys').select('id').where('id', '=', dataKey);
    expect(await left.execute()).toEqual([]);
  });

  it('cannot be read, nor copied, while the key is disabled; every attempt is an event', async () => {
    await disableKey(installation.context, caller, north.id);
    const no = refused('key.disabled', { key: north.id, state: 'disabled' });
    await expect(bytesOf(sealed)).rejects.toEqual(no);
    await expect(accept('north', undefined, sealed)).rejects.toEqual(no);
    await expect(accept('south', south.id, sealed)).rejects.toEqual(no);
    await expect(accept('north', 'none', sealed)).rejects.toEqual(no);
    expect((await uses()).at(-1)).toBe(`${north.id} north decrypt key.disabled`);
    await makePublic(sealed);
    const checked = await verifyStore(installation.context, installation.operator, sealed.id, never);
    expect(checked).toMatchObject({ disksChecked: 0, damage: [] });
    await enableKey(installation.context, caller, north.id);
    expect(await bytesOf(sealed)).toEqual(disk);
  });

  it('is verified with its key, which its owner is told of', async () => {
    await makePublic(sealed);
    const checked = await verifyStore(installation.context, installation.operator, sealed.id, never);
    expect(checked).toMatchObject({ disksChecked: 1, damage: [] });
    const { events } = await listEvents(installation.context, caller, { type: 'key.used', limit: 1 });
    expect(events[0]).toMatchObject({
      resource: { id: north.id },
      actor: { accountId: caller.accountId, name: installation.operator.name },
    });
  });

  it('cannot be read while its key is to be deleted', async () => {
    await scheduleKeyDeletion(installation.context, caller, north.id, 7);
    await expect(bytesOf(sealed)).rejects.toEqual(
      refused('key.disabled', { key: north.id, state: 'pending-deletion' }),
    );
    await cancelKeyDeletion(installation.context, caller, north.id);
    await enableKey(installation.context, caller, north.id);
    expect((await bytesOf(sealed)).equals(disk)).toBe(true);
  });
});

describe("another account's image", () => {
  it("is copied under one's own key, unless it is encrypted with its owner's", async () => {
    const sealed = await copied('north', north.id);
    await makePublic(image);
    await makePublic(sealed);
    const owner = caller;
    caller = await installation.newCaller();
    const key = await newKey('south');
    const made = await copied('south', key.id);
    expect((await bytesOf(made)).equals(disk)).toBe(true);
    const no = refused('key.not-found', { key: north.id });
    for (const encryption of [undefined, 'none', key.id]) {
      await expect(accept('south', encryption, sealed)).rejects.toEqual(no);
    }
    await expect(bytesOf(sealed)).rejects.toEqual(no);
    caller = owner;
    expect((await bytesOf(sealed)).equals(disk)).toBe(true);
  });
});

describe('a key that cannot be used any more', () => {
  it('fails the copy that waits, which can be asked for again once the key is enabled', async () => {
    const copy = await accept('south', south.id);
    await disableKey(installation.context, caller, south.id);
    const failed = await finishCopy(installation, caller, copy.id);
    expect(failed).toMatchObject({
      state: 'failed',
      failure: { code: 'key-disabled', message: expect.stringContaining(south.id) },
    });
    await expect(retryCopy(installation.context, caller, copy.id)).rejects.toEqual(
      refused('key.disabled', { key: south.id, state: 'disabled' }),
    );
    await enableKey(installation.context, caller, south.id);
    const { result } = await retryCopy(installation.context, caller, copy.id);
    expect(result).toMatchObject({ encryption: south.id });
    expect(await finishCopy(installation, caller, result.id)).toMatchObject({ state: 'succeeded' });
  });

  it('fails the copy when it is gone for good, too', async () => {
    const copy = await accept('south', south.id);
    await scheduleKeyDeletion(installation.context, caller, south.id, 7);
    installation.advance(8 * 24 * 3600 * 1000);
    await destroyDueKeys(installation.context, never);
    expect(await finishCopy(installation, caller, copy.id)).toMatchObject({
      state: 'failed',
      failure: { code: 'key-gone', message: `key ${south.id} is gone; name another, and ask for this again` },
    });
  });

  it('fails a copy in the middle of it, with nothing left', async () => {
    const copy = await accept('south', south.id);
    const keys = {
      ...installation.copying.keys,
      make: async (...args: Parameters<typeof installation.copying.keys.make>) => {
        await disableKey(installation.context, caller, south.id);
        return await installation.copying.keys.make(...args);
      },
    };
    const copying = { ...installation.copying, keys };
    const failed = await finishCopy({ ...installation, copying }, caller, copy.id);
    expect(failed).toMatchObject({ state: 'failed', failure: { code: 'key-disabled' } });
    const uploads = installation.context.db.selectFrom('uploads').select('image');
    expect(await uploads.where('image', '=', copy.destinationImageId).execute()).toEqual([]);
  });

  it.each(['south', 'none'])('fails a copy to %s whose bytes were already on their way', async (wish) => {
    const source = wish === 'none' ? await copied('north', north.id) : image;
    const [region, key] = wish === 'none' ? (['north', north] as const) : (['south', south] as const);
    const copy = await accept(region, wish === 'none' ? wish : key.id, source);
    const { keys } = installation.copying;
    const disabling =
      <Given extends unknown[], Opened>(work: (...given: Given) => Promise<Opened>) =>
      async (...given: Given) => {
        const opened = await work(...given);
        await disableKey(installation.context, caller, key.id);
        return opened;
      };
    const late = { ...keys, make: disabling(keys.make), open: disabling(keys.open) };
    const copying = { ...installation.copying, keys: late };
    const failed = await finishCopy({ ...installation, copying }, caller, copy.id);
    const code = wish === 'none' ? 'source-key-disabled' : 'key-disabled';
    expect(failed).toMatchObject({ state: 'failed', failure: { code } });
  });

  it('fails the copy when the grant is taken away meanwhile', async () => {
    const copy = await accept('south', south.id);
    await revokeKey(installation.context, caller, south.id, 'images');
    expect(await finishCopy(installation, caller, copy.id)).toMatchObject({
      state: 'failed',
      failure: { code: 'key-denied' },
    });
  });

  it('is tried again when only the key provider does not answer', async () => {
    const copy = await accept('south', south.id);
    installation.keyProvider.failure = new KeyProviderError('unavailable', 'says the test');
    expect(await finishCopy(installation, caller, copy.id)).toMatchObject({ state: 'queued', attempts: 1 });
    installation.keyProvider.failure = undefined;
    expect(await finishCopy(installation, caller, copy.id)).toMatchObject({ state: 'succeeded', attempts: 2 });
  });
});

describe('a plan', () => {
  it('says what the keys allow, and makes none', async () => {
    const plan = async (encryption: string) => {
      const command = { policy: nativeCopyPolicy, images: [image.id], regions: ['south'], encryption };
      const signals = { signal: never, counting: never };
      const { allowed, items } = await planCopies(installation.context, caller, command, signals);
      const refusal = items[0]?.verdicts.find(({ rule }) => rule === 'key')?.refusal?.code ?? null;
      return { allowed, refusal, bytesToMove: items[0]?.bytesToMove };
    };
    expect(await plan(south.id)).toEqual({ allowed: true, refusal: null, bytesToMove: null });
    expect(await plan('default')).toEqual({ allowed: true, refusal: null, bytesToMove: null });
    expect(await plan('none')).toMatchObject({ allowed: true, bytesToMove: expect.any(Number) });
    expect(await plan(north.id)).toMatchObject({ allowed: false, refusal: 'key.other-region' });
    const { db } = installation.context;
    const defaults = db
      .selectFrom('keys')
      .select('id')
      .where('account', '=', caller.accountId)
      .where('is_default', '=', true);
    expect(await defaults.execute()).toEqual([]);
  });

  it('is not what a viewer, or a trial, makes a default key by', async () => {
    const command = { policy: nativeCopyPolicy, images: [image.id], regions: ['south'], encryption: 'default' };
    const viewer = { ...caller, role: 'viewer' } as const;
    await expect(copyImages(installation.context, viewer, command)).rejects.toEqual(
      refused('forbidden', { action: 'copy.create' }),
    );
    await expect(copyImages(installation.context, caller, command, { dryRun: true })).rejects.toMatchObject({
      code: 'request.dry-run-passed',
    });
    const { db } = installation.context;
    const keys = db.selectFrom('keys').select('id').where('account', '=', caller.accountId);
    expect((await keys.execute()).map(({ id }) => id).sort()).toEqual([north.id, south.id].sort());
  });
});
