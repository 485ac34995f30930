import { createHash, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  isUuid,
  newAccessKeyId,
  newAccountNumber,
  newImageIds,
  newResourceGroupId,
  newSecret,
  newSnapshot,
  newTaskIds,
  newTemporaryKeyId,
  newUuid,
} from './ids.ts';

/** Any source of randomness: bytes from a list, and then a counter, so that it never runs dry. */
const sources = fc.uint8Array({ maxLength: 64 }).map((start) => {
  let given = 0;
  return (length: number) => Uint8Array.from({ length }, () => start[given++] ?? (given * 7) % 256);
});

describe('ids', () => {
  it('have the shapes that the clouds give theirs, whatever the randomness', () => {
    fc.assert(
      fc.property(sources, (random) => {
        const image = newImageIds(random);
        expect(image.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
        expect(isUuid(image.id)).toBe(true);
        expect(image.aliyunId).toMatch(/^m-[a-z0-9]{20}$/);
        expect(image.jdcloudId).toMatch(/^img-[a-z0-9]{10}$/);
        const snapshot = newSnapshot(random);
        expect(isUuid(snapshot.id)).toBe(true);
        expect(snapshot.aliyunId).toMatch(/^s-[a-z0-9]{20}$/);
        expect(snapshot.jdcloudId).toMatch(/^snapshot-[a-z0-9]{10}$/);
        expect(newTaskIds(random).aliyunId).toMatch(/^tsk-[a-z0-9]{20}$/);
        expect(newAccessKeyId(random)).toMatch(/^MK[A-Z0-9]{18}$/);
        expect(newTemporaryKeyId(random)).toMatch(/^MT[A-Z0-9]{18}$/);
        expect(newSecret(random)).toMatch(/^[A-Za-z0-9]{40}$/);
        expect(newResourceGroupId(random)).toMatch(/^rg-[a-z0-9]{15}$/);
      }),
      { numRuns: 200 },
    );
  });

  it('take 122 bits of a UUID from the randomness as they are', () => {
    const bytes = Uint8Array.from({ length: 16 }, (_, index) => index * 17);
    expect(newUuid(() => bytes)).toBe('00112233-4455-4677-8899-aabbccddeeff');
    expect(bytes[6]).toBe(6 * 17);
  });

  it('number accounts with sixteen digits, the least and the greatest as likely as any other', () => {
    expect(newAccountNumber(() => new Uint8Array(7))).toBe(1_000_000_000_000_000);
    // 2^53 - 1 is too great, so the next bytes are taken: 7,999,999,999,999,999.
    const draws = [
      [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
      [0x1c, 0x6b, 0xf5, 0x26, 0x33, 0xff, 0xff],
    ];
    expect(newAccountNumber(() => Uint8Array.from(draws.shift() ?? []))).toBe(8_999_999_999_999_999);
    for (let count = 0; count < 200; count++) expect(`${newAccountNumber(randomBytes)}`).toMatch(/^[1-8]\d{15}$/);
  });

  it('are all different', () => {
    const ids = Array.from({ length: 2000 }, () => newImageIds(randomBytes));
    for (const name of ['id', 'aliyunId', 'jdcloudId'] as const) {
      expect(new Set(ids.map((image) => image[name])).size).toBe(ids.length);
    }
  });

  it('make every letter and digit equally likely', () => {
    let call = 0;
    const random = (length: number) => createHash('sha256').update(`${call++}`).digest().subarray(0, length);
    const counts = new Map<string, number>();
    for (let made = 0; made < 10_000; made++) {
      for (const letter of newImageIds(random).aliyunId.slice(2)) counts.set(letter, (counts.get(letter) ?? 0) + 1);
    }
    expect(counts.size).toBe(36);
    // Five standard deviations are 7 %; a plain modulo would give the first four letters 12 % more.
    for (const count of counts.values()) expect(Math.abs(count / (200_000 / 36) - 1)).toBeLessThan(0.07);
  });

  it.each(['', 'A0112233-4455-4677-8899-aabbccddeeff', '00112233445546778899aabbccddeeff', '../etc/passwd'])(
    'do not take %j for a UUID',
    (text) => {
      expect(isUuid(text)).toBe(false);
    },
  );
});
