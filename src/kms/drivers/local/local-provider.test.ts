import { randomBytes, randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { describeKeyProvider, expectKind } from '../../key-provider.conformance.ts';
import { createLocalProvider } from './local-provider.ts';

const never = new AbortController().signal;

function newProvider(sealingKey: Uint8Array = randomBytes(32)) {
  return createLocalProvider({ sealingKey, random: randomBytes });
}

describeKeyProvider('local', async () => ({ provider: newProvider(), other: newProvider() }), {
  keepsMaterial: false,
  runs: 200,
});

describe('what is sealed in the database', () => {
  const context = { account: 'a', image: 'i', region: 'north', disk: '0' };

  it('opens with the same master key alone, for its own key and version', async () => {
    const [provider, other] = [newProvider(), newProvider()];
    const key = randomUUID();
    const material = await provider.createVersion({ key, version: 1, signal: never });
    const version = { key, version: 1, material };
    const wrapped = await provider.wrap(version, randomBytes(32), context, never);
    for (const wrong of [{ key: randomUUID() }, { version: 2 }, { material: material.subarray(1) }]) {
      await expectKind('damaged', provider.wrap({ ...version, ...wrong }, randomBytes(32), context, never));
    }
    const { message } = await expectKind('damaged', other.unwrap(version, wrapped, context, never));
    expect(message).toContain(`the material of version 1 of key ${key}`);
  });

  it('holds what was written before', async () => {
    const provider = newProvider(Buffer.alloc(32, 1));
    const version = {
      key: '7f1d3f0e-6f3c-4a52-9a57-0d6f4b1f6f11',
      version: 3,
      material: Buffer.from(
        '016a552b3b2e9d8146697ef27d4b26184002441eac355261848cdacd6959a41b9d9de0b985368a7d77b9fa3a66d00d9c942c8d14e73d5843a9cbacca92',
        'hex',
      ),
    };
    const wrapped = Buffer.from(
      '0105ecf43ca40bef1e5b0055183973156c7c9d39a3777a0bcb90f576597478afaad1e27e0ca82c552b8add343749b86cb9b39748b9a68662f500db8981',
      'hex',
    );
    expect(Buffer.from(await provider.unwrap(version, wrapped, context, never))).toEqual(Buffer.alloc(32, 3));
  });
});
