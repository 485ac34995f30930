import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeKey } from '../../../test/support/encrypted-image.ts';
import {
  copyImage,
  createInstallation,
  type Installation,
  makeImage,
  never,
} from '../../../test/support/installation.ts';
import { withKeyLimits, withoutKeyProvider } from '../../../test/support/key-limits.ts';
import { nativeCopyPolicy } from '../../protocols/native/copy-policy.ts';
import type { Caller } from '../context.ts';
import { type CreateImageCommand, createImage } from '../create-image.ts';
import { listEvents } from '../list-events.ts';
import { planCopies } from '../plan-copies.ts';
import { createKey } from './create-key.ts';
import { makeDataKey } from './data-keys.ts';
import { defaultKey } from './default-key.ts';
import { importKeyMaterial } from './import-key-material.ts';
import { createKeyAlias } from './key-aliases.ts';
import { tryKey } from './try-key.ts';

let installation: Installation;
let caller: Caller;
beforeAll(async () => {
  installation = await createInstallation();
});
beforeEach(async () => {
  caller = await installation.newCaller();
});
afterEach(() => installation.expectSound());
afterAll(() => installation.close());

const refused = (code: string, facts: object) => expect.objectContaining({ name: 'RefusalError', code, facts });

const limits = [
  [{ keylessRegion: 'north' }, 'key.region', () => ({ region: 'north', own: false })],
  [{ defaultKeyRegion: 'north' }, 'key.region', () => ({ region: 'north', own: true })],
  [{ keyAccount: 'another' }, 'key.account', () => ({ account: caller.accountName })],
] as const;

describe.each(limits)('where %j', (limit, code, facts) => {
  const within = <Result>(work: () => Promise<Result>) => withKeyLimits(installation, limit, work);

  it('no key is made, nor given its material, and a no is an event', async () => {
    const { context, keyProvider } = installation;
    const command = { region: 'north', origin: 'mimeo', description: '' } as const;
    const empty = (await createKey(context, caller, { ...command, origin: 'external' }, { signal: never })).result;
    const made = keyProvider.calls.createVersion;
    await within(async () => {
      await expect(createKey(context, caller, command, { signal: never })).rejects.toEqual(refused(code, facts()));
      const material = randomBytes(32).toString('base64');
      const imported = importKeyMaterial(context, caller, empty.id, material, never);
      await expect(imported).rejects.toEqual(refused(code, facts()));
    });
    expect(keyProvider.calls.createVersion).toBe(made);
    const { events } = await listEvents(context, caller, { limit: 10 });
    const told = events.filter(({ outcome }) => outcome === code).map(({ type }) => type);
    expect(told.toSorted()).toEqual(['key.create', 'key.import']);
    await withKeyLimits(installation, { ...limit, keyAccount: caller.accountName }, async () => {
      const elsewhere = createKey(context, caller, { ...command, region: 'south' }, { signal: never });
      expect((await elsewhere).result.region).toBe('south');
    });
  });

  it('no copy is encrypted with one, whatever it is called, nor a data key made', async () => {
    const { context } = installation;
    const image = await makeImage(context, caller, [randomBytes(1000)]);
    const key = await makeKey(installation, caller);
    await createKeyAlias(context, caller, { key: key.id, name: 'payroll' });
    await within(async () => {
      for (const encryption of [key.id, 'payroll', 'nothing']) {
        const asked = { image: image.id, region: 'north', encryption };
        await expect(copyImage(context, caller, asked)).rejects.toEqual(refused(code, facts()));
        const command = { policy: nativeCopyPolicy, images: [image.id], regions: ['north'], encryption };
        const plan = await planCopies(context, caller, command, { signal: never, counting: never });
        expect(plan.items[0]?.verdicts.find(({ rule }) => rule === 'key')?.refusal?.code).toBe(code);
      }
      const disks = [{ role: 'system', format: null, size: 1000 }] as const;
      const upload: CreateImageCommand = {
        region: 'north',
        name: 'new',
        description: '',
        kind: 'system-disk',
        rootDevice: 'cloud-disk',
        tags: {},
        disks,
        encryption: key.id,
      };
      const uploaded = createImage(context, caller, upload);
      await expect(uploaded).rejects.toEqual(refused(code, facts()));
      const wanted = { key: key.id, region: 'north', image: image.id, disk: 0 };
      const made = makeDataKey(context, caller, wanted, never, async () => {});
      await expect(made).rejects.toEqual(refused(code, facts()));
      await copyImage(context, caller, { image: image.id, region: 'north', encryption: 'none' });
    });
  });
});

it('a default key is made, found and used but in a region without keys', async () => {
  const { context } = installation;
  const image = await makeImage(context, caller, [randomBytes(1000)]);
  const asked = { image: image.id, region: 'north', encryption: 'default' };
  const nothing = refused('key.region', { region: 'north', own: false });
  await withKeyLimits(installation, { keylessRegion: 'north' }, async () => {
    await expect(defaultKey(context, caller, 'north', never)).rejects.toEqual(nothing);
    await expect(copyImage(context, caller, asked)).rejects.toEqual(nothing);
  });
  const { id } = await defaultKey(context, caller, 'north', never);
  await withKeyLimits(installation, { keylessRegion: 'north' }, async () => {
    await expect(defaultKey(context, caller, 'north', never)).rejects.toEqual(nothing);
    await expect(copyImage(context, caller, { ...asked, encryption: id })).rejects.toEqual(nothing);
  });
  await withKeyLimits(installation, { defaultKeyRegion: 'north', keyAccount: 'another' }, async () => {
    expect((await copyImage(context, caller, { ...asked, encryption: id })).encryption).toBe(id);
    expect((await copyImage(context, caller, asked)).encryption).toBe(id);
  });
});

it('a key is tried at what holds it, and nothing is left of that', async () => {
  const { context, keyProvider } = installation;
  const key = await makeKey(installation, caller);
  const wanted = { key: key.id, region: 'north', service: 'images' } as const;
  const before = keyProvider.calls.wrap;
  await tryKey(context, caller, wanted, never);
  expect(keyProvider.calls.wrap).toBe(before + 1);
  const unavailable = expect.objectContaining({ name: 'FailureError', code: 'key-provider-unavailable' });
  await withoutKeyProvider(installation, async () => {
    await expect(tryKey(context, caller, wanted, never)).rejects.toEqual(unavailable);
  });
  const late = AbortSignal.abort(new DOMException('too late', 'TimeoutError'));
  await expect(tryKey(context, caller, wanted, late)).rejects.toEqual(unavailable);
  const { events } = await listEvents(context, caller, { type: 'key.used', limit: 1 });
  expect(events).toEqual([]);
  expect(await context.db.selectFrom('data_keys').select('id').where('key', '=', key.id).execute()).toEqual([]);
});
