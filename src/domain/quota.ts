/** How much of a region an account may have: counted in one place, refused by one rule. */
import type { Disk } from './image.ts';
import { RefusalError } from './refusal.ts';

/** What is reserved when a request is accepted. */
export const chargedKinds = ['images', 'snapshots', 'bytes'] as const;
export type ChargedKind = (typeof chargedKinds)[number];

/** `copies` run at once; those beyond it wait or are refused, as the dialect's policy says. */
export const quotaKinds = [...chargedKinds, 'copies'] as const;
export type QuotaKind = (typeof quotaKinds)[number];

export type Quotas = { readonly [Kind in QuotaKind]: { readonly used: number; readonly limit: number } };

/** What an image takes. Bytes are the disks' data as far as it is known, their size before. */
export type Charge = { readonly [Kind in ChargedKind]: number };

export function chargeOf(disks: readonly Pick<Disk, 'dataBytes' | 'size'>[]): Charge {
  return {
    images: 1,
    snapshots: disks.length,
    bytes: disks.reduce((sum, { dataBytes, size }) => sum + (dataBytes ?? size), 0),
  };
}

/** What an image takes that is made of snapshots: those that count for their bytes themselves do so no more. */
export function chargeOfSnapshots(
  snapshots: readonly { readonly dataBytes: number; readonly unused: boolean }[],
): Charge {
  const used = snapshots.filter(({ unused }) => !unused);
  return { images: 1, snapshots: 0, bytes: used.reduce((sum, { dataBytes }) => sum + dataBytes, 0) };
}

/** The refusal when `charge` does not fit any more; the first kind that does not. */
export function quotaRefusal(region: string, quotas: Quotas, charge: Charge): RefusalError | undefined {
  for (const kind of chargedKinds) {
    const { used, limit } = quotas[kind];
    const wanted = charge[kind];
    if (wanted > 0 && used + wanted > limit) {
      return new RefusalError(`quota.${kind}`, { region, limit, used, wanted });
    }
  }
  return undefined;
}
