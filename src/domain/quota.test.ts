import { describe, expect, it } from 'vitest';
import { chargeOf, type Quotas, quotaRefusal } from './quota.ts';

const roomy = { used: 0, limit: 1000 };
const quotas: Quotas = { images: roomy, snapshots: roomy, bytes: roomy, copies: roomy };

describe('chargeOf', () => {
  it('counts the data of a disk where it is known, and its size before', () => {
    const disks = [
      { dataBytes: 5, size: 100 },
      { dataBytes: 0, size: 100 },
      { dataBytes: null, size: 100 },
    ];
    expect(chargeOf(disks)).toEqual({ images: 1, snapshots: 3, bytes: 105 });
  });
});

describe('quotaRefusal', () => {
  const charge = { images: 1, snapshots: 2, bytes: 30 };

  it('names the first kind that does not fit, with its numbers', () => {
    const tight = { ...quotas, snapshots: { used: 9, limit: 10 }, bytes: { used: 1000, limit: 1000 } };
    expect(quotaRefusal('north', tight, charge)).toMatchObject({
      code: 'quota.snapshots',
      facts: { region: 'north', limit: 10, used: 9, wanted: 2 },
    });
  });

  it('lets the last unit in, and what wants nothing even where more is used than allowed', () => {
    expect(quotaRefusal('north', { ...quotas, bytes: { used: 970, limit: 1000 } }, charge)).toBeUndefined();
    expect(
      quotaRefusal('north', { ...quotas, bytes: { used: 20, limit: 10 } }, { ...charge, bytes: 0 }),
    ).toBeUndefined();
  });
});
