/** D1, the database's part: what no image and no snapshot needs any more is condemned in the transaction that took the last need away. */
import { sql } from 'kysely';
import type { Trx } from './database.ts';

/**
 * Condemns those of the manifests that no disk and no snapshot refers to, and the packs that no other manifest is tied to. Locks first and
 * looks afterwards, in statements of their own: what a concurrent transaction tied in the meantime is seen.
 */
export async function condemnUnused(trx: Trx, manifests: readonly string[], now: number): Promise<void> {
  if (manifests.length === 0) return;
  await trx.selectFrom('manifests').select('id').where('id', 'in', manifests).orderBy('id').forUpdate().execute();
  const unused = await trx
    .selectFrom('manifests')
    .select('id')
    .where('id', 'in', manifests)
    .where('state', '<>', 'condemned')
    .where(({ not, exists, selectFrom }) =>
      not(exists(selectFrom('disks').select('disks.image').whereRef('disks.manifest', '=', 'manifests.id'))),
    )
    .where(({ not, exists, selectFrom }) =>
      not(exists(selectFrom('snapshots').select('snapshots.id').whereRef('snapshots.manifest', '=', 'manifests.id'))),
    )
    .execute();
  const ids = unused.map(({ id }) => id);
  if (ids.length === 0) return;
  const tied = await trx.deleteFrom('manifest_packs').where('manifest', 'in', ids).returning('pack').execute();
  const reserved = await trx.selectFrom('packs').select('number').where('reserved_for', 'in', ids).execute();
  await condemnPacks(trx, [...tied.map(({ pack }) => pack), ...reserved.map(({ number }) => number)], now);
  await trx.updateTable('manifests').set({ state: 'condemned', condemned_at: now }).where('id', 'in', ids).execute();
}

/** Condemns those of the packs that no manifest is tied to. */
export async function condemnPacks(trx: Trx, candidates: readonly number[], now: number): Promise<void> {
  const numbers = sql<number>`any(${[...new Set(candidates)]}::bigint[])`;
  await trx.selectFrom('packs').select('number').where('number', '=', numbers).orderBy('number').forUpdate().execute();
  const condemned = await trx
    .updateTable('packs')
    .set({ state: 'condemned', condemned_at: now, reserved_for: null })
    .where('number', '=', numbers)
    .where(({ not, exists, selectFrom }) =>
      not(exists(selectFrom('manifest_packs').select('pack').whereRef('manifest_packs.pack', '=', 'packs.number'))),
    )
    .returning('number')
    .execute();
  const gone = sql<number>`any(${condemned.map(({ number }) => number)}::bigint[])`;
  await trx.deleteFrom('chunks').where('pack', '=', gone).execute();
}
