import { randomBytes, randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type EncryptionContext,
  type KeyProvider,
  KeyProviderError,
  type KeyVersion,
  keyBytes,
  maxDataKeyBytes,
  type NewKeyVersion,
} from './key-provider.ts';

export interface ProviderUnderTest {
  readonly provider: KeyProvider;
  /** Of the same kind, in another installation that shares nothing with the first. */
  readonly other: KeyProvider;
  readonly close?: () => Promise<void>;
}

export interface Capabilities {
  /** Whether it keeps material itself: to have kept what `createVersion` returned is no use then when the key is destroyed. */
  readonly keepsMaterial: boolean;
  /** Runs of each property; a provider across a network takes its time. */
  readonly runs: number;
}

const never = new AbortController().signal;
const anyKey = fc.uint8Array({ minLength: 1, maxLength: maxDataKeyBytes });
const anyText = fc.string({ unit: 'binary', maxLength: 60 });
const anyContext = fc.oneof(
  fc.record({ account: anyText, image: anyText, region: anyText, disk: anyText }),
  fc.record({ account: anyText, key: anyText, region: anyText, purpose: anyText, pairs: anyText }),
);

/** What every key provider must do (see `key-provider.ts`): each driver's test calls this with a way to make two of them. */
export function describeKeyProvider(
  name: string,
  make: () => Promise<ProviderUnderTest>,
  { keepsMaterial, runs }: Capabilities,
): void {
  describe(`key provider: ${name}`, () => {
    let tested: ProviderUnderTest;
    let provider: KeyProvider;
    beforeAll(async () => {
      tested = await make();
      provider = tested.provider;
    });
    afterAll(() => tested.close?.());

    async function newVersion(
      request: Partial<Omit<NewKeyVersion, 'signal'>> = {},
      by: KeyProvider = provider,
    ): Promise<KeyVersion> {
      const { key = randomUUID(), version = 1, ...imported } = request;
      const material = await by.createVersion({ key, version, ...imported, signal: never });
      return { key, version, material };
    }

    async function wrapped(version: KeyVersion, context: EncryptionContext = someContext) {
      const dataKey = randomBytes(keyBytes);
      return { dataKey, wrapped: await provider.wrap(version, dataKey, context, never) };
    }

    describe('wrap and unwrap', () => {
      it('gives back any data key, in any context', async () => {
        const version = await newVersion();
        await fc.assert(
          fc.asyncProperty(anyKey, anyContext, async (dataKey, context) => {
            const bytes = await provider.wrap(version, dataKey, context, never);
            // Fewer bytes can be there by chance.
            const isTold = dataKey.length >= 16;
            for (const form of [Buffer.from(dataKey), Buffer.from(dataKey).toString('base64')]) {
              expect(isTold && Buffer.from(bytes).includes(form)).toBe(false);
            }
            expect(await open(provider, version, bytes, context)).toEqual(hexOf(dataKey));
          }),
          { numRuns: runs },
        );
      });

      it.each([0, maxDataKeyBytes + 1])('wraps no data key of %i bytes', async (length) => {
        const version = await newVersion();
        await expectKind('refused', provider.wrap(version, Buffer.alloc(length), someContext, never));
      });

      it('wraps the same data key differently each time', async () => {
        const version = await newVersion();
        const dataKey = randomBytes(keyBytes);
        const twice = await Promise.all([1, 2].map(() => provider.wrap(version, dataKey, someContext, never)));
        expect(hexOf(twice[0])).not.toBe(hexOf(twice[1]));
      });

      it('opens in no other context, whichever part of it is another', async () => {
        const version = await newVersion();
        for (const context of [someContext, callersContext]) {
          const { wrapped: bytes } = await wrapped(version, context);
          for (const part of Object.keys(context)) {
            await expectDamaged(provider.unwrap(version, bytes, { ...context, [part]: 'another' }, never));
            await expectDamaged(provider.unwrap(version, bytes, { ...context, [part]: '' }, never));
          }
        }
        const { wrapped: bytes } = await wrapped(version);
        const { account, image } = someContext;
        await expectDamaged(provider.unwrap(version, bytes, { ...someContext, account: image, image: account }, never));
      });

      it("takes no disk's context for a caller's, nor the other way round", async () => {
        const version = await newVersion();
        const [ofDisk, ofCaller] = [await wrapped(version), await wrapped(version, callersContext)];
        await expectDamaged(provider.unwrap(version, ofDisk.wrapped, callersContext, never));
        await expectDamaged(provider.unwrap(version, ofCaller.wrapped, someContext, never));
      });

      it('opens any context however its parts are ordered, and only the same', async () => {
        const version = await newVersion();
        await fc.assert(
          fc.asyncProperty(anyContext, anyContext, async (context, another) => {
            const bytes = await provider.wrap(version, randomBytes(keyBytes), context, never);
            const turned = Object.fromEntries(Object.entries(context).reverse()) as EncryptionContext;
            await provider.unwrap(version, bytes, turned, never);
            fc.pre(JSON.stringify(another) !== JSON.stringify(context));
            await expectDamaged(provider.unwrap(version, bytes, another, never));
          }),
          { numRuns: runs },
        );
      });

      it('opens with no other key, be it under its name', async () => {
        const [version, another] = [await newVersion(), await newVersion()];
        const { wrapped: bytes } = await wrapped(version);
        await expectDamaged(provider.unwrap(another, bytes, someContext, never));
        await expectDamaged(provider.unwrap({ ...another, material: version.material }, bytes, someContext, never));
      });

      it('opens with no other version of the key', async () => {
        const first = await newVersion();
        const second = await newVersion({ key: first.key, version: 2 });
        const [byFirst, bySecond] = [await wrapped(first), await wrapped(second)];
        await expectDamaged(provider.unwrap(second, byFirst.wrapped, someContext, never));
        await expectDamaged(provider.unwrap(first, bySecond.wrapped, someContext, never));
        await expectDamaged(
          provider.unwrap({ ...second, material: first.material }, byFirst.wrapped, someContext, never),
        );
      });

      it('opens nothing that was cut, prolonged or changed', async () => {
        const version = await newVersion();
        const { wrapped: bytes } = await wrapped(version);
        const change = fc.oneof(
          fc.nat(bytes.length - 1).map((length) => bytes.subarray(0, length)),
          fc.nat(bytes.length - 1).map((start) => bytes.subarray(start + 1)),
          fc.uint8Array({ minLength: 1, maxLength: 40 }).map((tail) => Buffer.concat([bytes, tail])),
          fc.nat(bytes.length * 8 - 1).map((bit) => flipped(bytes, bit)),
        );
        await fc.assert(
          fc.asyncProperty(change, async (changed) => {
            await expectDamaged(provider.unwrap(version, changed, someContext, never));
          }),
          {
            numRuns: runs * 2,
            examples: [[new Uint8Array()], [Buffer.alloc(bytes.length)], [Buffer.concat([bytes, Buffer.from('\n')])]],
          },
        );
      });

      it('opens nothing that another provider has wrapped', async () => {
        const version = await newVersion();
        const ofLocal = Buffer.concat([Buffer.of(1), randomBytes(60)]);
        const ofVault = Buffer.from(`vault:v1:${randomBytes(60).toString('base64')}`);
        for (const bytes of [ofLocal, ofVault]) {
          await expectDamaged(provider.unwrap(version, bytes, someContext, never));
        }
      });

      it('opens nothing that the same provider has wrapped in another installation', async () => {
        const version = await newVersion();
        const elsewhere = await newVersion({ key: version.key }, tested.other);
        const { wrapped: bytes } = await wrapped(version);
        await expectDamaged(tested.other.unwrap(elsewhere, bytes, someContext, never));
      });

      it('does many at once', async () => {
        const version = await newVersion();
        const many = await Promise.all(Array.from({ length: 100 }, () => wrapped(version)));
        const opened = await Promise.all(many.map((each) => open(provider, version, each.wrapped)));
        expect(opened).toEqual(many.map(({ dataKey }) => hexOf(dataKey)));
      });
    });

    describe('createVersion', () => {
      it('can be repeated: what was returned before stays usable', async () => {
        const first = await newVersion();
        const before = await wrapped(first);
        const again = await newVersion({ key: first.key });
        expect(await open(provider, first, before.wrapped)).toBe(hexOf(before.dataKey));
        const after = await wrapped(again);
        expect(await open(provider, again, after.wrapped)).toBe(hexOf(after.dataKey));
      });

      it('can be asked many times at once', async () => {
        const key = randomUUID();
        const versions = await Promise.all(Array.from({ length: 4 }, () => newVersion({ key })));
        for (const version of versions) {
          const { dataKey, wrapped: bytes } = await wrapped(version);
          expect(await open(provider, version, bytes)).toBe(hexOf(dataKey));
        }
      });

      it('leaves what older versions have wrapped readable', async () => {
        const first = await newVersion();
        const old = await wrapped(first);
        const versions = [first];
        for (const version of [2, 3]) versions.push(await newVersion({ key: first.key, version }));
        expect(await open(provider, first, old.wrapped)).toBe(hexOf(old.dataKey));
        for (const version of versions) {
          const { dataKey, wrapped: bytes } = await wrapped(version);
          expect(await open(provider, version, bytes)).toBe(hexOf(dataKey));
        }
      });

      it('takes material, which opens the same things wherever it was imported', async () => {
        const imported = randomBytes(keyBytes);
        const here = await newVersion({ imported });
        const there = await newVersion({ key: here.key, imported }, tested.other);
        const { dataKey, wrapped: bytes } = await wrapped(here);
        expect(await open(tested.other, there, bytes)).toBe(hexOf(dataKey));
        expect(Buffer.from(here.material).includes(imported)).toBe(false);
      });

      it('takes the same material again, and other material for the next version', async () => {
        const [imported, next] = [randomBytes(keyBytes), randomBytes(keyBytes)];
        const first = await newVersion({ imported });
        const again = await newVersion({ key: first.key, imported });
        const { dataKey, wrapped: bytes } = await wrapped(first);
        expect(await open(provider, again, bytes)).toBe(hexOf(dataKey));
        const second = await newVersion({ key: first.key, version: 2, imported: next });
        const third = await newVersion({ key: first.key, version: 3 });
        expect(await open(provider, first, bytes)).toBe(hexOf(dataKey));
        for (const version of [second, third]) {
          const later = await wrapped(version);
          expect(await open(provider, version, later.wrapped)).toBe(hexOf(later.dataKey));
        }
      });

      it.each([0, 16, 31, 33])('refuses %i bytes of material', async (length) => {
        const request = { key: randomUUID(), version: 1, imported: randomBytes(length), signal: never };
        await expectKind('refused', provider.createVersion(request));
      });
    });

    describe('rewrap', () => {
      it('hands many over to another version, in order, and each in its context', async () => {
        const first = await newVersion();
        const second = await newVersion({ key: first.key, version: 2 });
        const dataKeys = Array.from({ length: 260 }, () => randomBytes(keyBytes));
        const contextOf = (place: number) => ({ ...someContext, disk: `${place}` });
        const items = await Promise.all(
          dataKeys.map(async (dataKey, place) => {
            const context = contextOf(place);
            return { wrapped: await provider.wrap(first, dataKey, context, never), context };
          }),
        );
        const rewrapped = await provider.rewrap(first, second, items, never);
        expect(rewrapped).toHaveLength(dataKeys.length);
        for (const place of [0, 1, 249, 250, 251, 259]) {
          const bytes = rewrapped[place] as Uint8Array;
          expect(await open(provider, second, bytes, contextOf(place))).toBe(hexOf(dataKeys[place]));
          await expectDamaged(provider.unwrap(first, bytes, contextOf(place), never));
          await expectDamaged(provider.unwrap(second, bytes, contextOf(place + 1), never));
        }
      });

      it('hands over to another key', async () => {
        const [from, to] = [await newVersion(), await newVersion()];
        const { dataKey, wrapped: bytes } = await wrapped(from);
        const [again] = await provider.rewrap(from, to, [{ wrapped: bytes, context: someContext }], never);
        expect(await open(provider, to, again as Uint8Array)).toBe(hexOf(dataKey));
      });

      it('does nothing for none, and refuses all when one is damaged', async () => {
        const [from, to] = [await newVersion(), await newVersion()];
        expect(await provider.rewrap(from, to, [], never)).toEqual([]);
        const [good, bad] = [await wrapped(from), await wrapped(from)];
        const items = [good.wrapped, flipped(bad.wrapped, 300)].map((each) => ({
          wrapped: each,
          context: someContext,
        }));
        await expectDamaged(provider.rewrap(from, to, items, never));
      });
    });

    describe('destroyKey', () => {
      it('makes everything unreadable, of all versions, and nothing of other keys', async () => {
        const [first, other] = [await newVersion(), await newVersion()];
        const second = await newVersion({ key: first.key, version: 2 });
        const [byFirst, bySecond, byOther] = [await wrapped(first), await wrapped(second), await wrapped(other)];
        await provider.destroyKey(first.key, never);
        await provider.destroyKey(first.key, never);
        for (const [version, bytes] of [
          [first, byFirst.wrapped],
          [second, bySecond.wrapped],
        ] as const) {
          const forgotten = { ...version, material: new Uint8Array() };
          await expectDamaged(provider.unwrap(forgotten, bytes, someContext, never));
          if (keepsMaterial) await expectDamaged(provider.unwrap(version, bytes, someContext, never));
        }
        expect(await open(provider, other, byOther.wrapped)).toBe(hexOf(byOther.dataKey));
      });

      it('does not mind a key that there never was', async () => {
        await provider.destroyKey(randomUUID(), never);
      });
    });

    it('does nothing any more once it is aborted', async () => {
      const version = await newVersion();
      const { dataKey, wrapped: bytes } = await wrapped(version);
      const reason = new Error('enough');
      const signal = AbortSignal.abort(reason);
      const items = [{ wrapped: bytes, context: someContext }];
      const calls = [
        provider.createVersion({ key: version.key, version: 2, signal }),
        provider.wrap(version, dataKey, someContext, signal),
        provider.unwrap(version, bytes, someContext, signal),
        provider.rewrap(version, version, items, signal),
        provider.destroyKey(version.key, signal),
      ];
      for (const result of await Promise.allSettled(calls)) expect(result).toEqual({ status: 'rejected', reason });
      expect(await open(provider, version, bytes)).toBe(hexOf(dataKey));
    });
  });
}

const someContext = { account: 'account-1', image: 'image-1', region: 'north', disk: '0' };
/** With the same words wherever there can be the same. */
const callersContext = { account: 'account-1', key: 'image-1', region: 'north', purpose: '0', pairs: '0' };

async function open(
  provider: KeyProvider,
  version: KeyVersion,
  wrapped: Uint8Array,
  context: EncryptionContext = someContext,
): Promise<string> {
  return hexOf(await provider.unwrap(version, wrapped, context, never));
}

/** For comparisons that are told in short. */
function hexOf(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString('hex');
}

function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const changed = Uint8Array.from(bytes);
  changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return changed;
}

async function expectDamaged(work: Promise<unknown>): Promise<void> {
  await expectKind('damaged', work);
}

export async function expectKind(kind: KeyProviderError['kind'], work: Promise<unknown>): Promise<KeyProviderError> {
  const error = await work.then(
    () => expect.fail('it did not fail'),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(KeyProviderError);
  expect((error as KeyProviderError).message).toBeTruthy();
  expect((error as KeyProviderError).kind).toBe(kind);
  return error as KeyProviderError;
}
