/** The ledger of one region in PostgreSQL. */
import { sql } from 'kysely';
import { isUuid } from '../domain/ids.ts';
import { toHex } from '../lib/hex.ts';
import { manifestKey, packKey } from '../store/blob-keys.ts';
import type { StoreLedger } from '../store/store-ledger.ts';
import type { Db } from './database.ts';

/** `region` is the region's number, see `regions.ts`. */
export function createStoreLedger(db: Db, region: number): StoreLedger {
  return {
    async condemned() {
      const packs = await db
        .selectFrom('packs')
        .select(['name', 'size', 'condemned_at', 'published'])
        .where('region', '=', region)
        .where('state', '=', 'condemned')
        .orderBy('condemned_at')
        .execute();
      const manifests = await db
        .selectFrom('manifests')
        .select(['id', 'condemned_at', 'root'])
        .where('region', '=', region)
        .where('state', '=', 'condemned')
        .orderBy('condemned_at')
        .execute();
      return [
        ...packs.map((pack) => ({
          key: packKey(toHex(pack.name)),
          size: pack.size,
          condemnedAt: pack.condemned_at as number,
          published: pack.published,
        })),
        ...manifests.map((manifest) => ({
          key: manifestKey(manifest.id),
          size: 0,
          condemnedAt: manifest.condemned_at as number,
          published: manifest.root !== null,
        })),
      ];
    },

    async forget(key) {
      const name = key.slice(key.lastIndexOf('/') + 1);
      if (key === manifestKey(name)) {
        // A data key goes with the last disk that is encrypted with it.
        await sql`
          WITH gone AS (DELETE FROM manifests WHERE id = ${name} AND state = 'condemned' RETURNING id, data_key)
          DELETE FROM data_keys d USING gone WHERE d.id = gone.data_key
            AND NOT EXISTS (SELECT FROM manifests m WHERE m.data_key = d.id AND m.id <> gone.id)`.execute(db);
      } else {
        await db
          .deleteFrom('packs')
          .where('region', '=', region)
          .where('name', '=', Buffer.from(name, 'hex'))
          .where('state', '=', 'condemned')
          .execute();
      }
    },

    async known(keys) {
      const names = keys.filter((key) => key.startsWith('packs/')).map((key) => key.slice(key.lastIndexOf('/') + 1));
      const packs = await db
        .selectFrom('packs')
        .select('name')
        .where('region', '=', region)
        .where('name', '=', sql<Buffer>`any(${names.map((name) => Buffer.from(name, 'hex'))}::bytea[])`)
        .execute();
      const ids = keys.filter((key) => key.startsWith('manifests/')).map((key) => key.slice('manifests/'.length));
      const manifests = await db
        .selectFrom('manifests')
        .select('id')
        .where('region', '=', region)
        .where('id', '=', sql<string>`any(${ids.filter(isUuid)}::uuid[])`)
        .execute();
      return new Set([...packs.map(({ name }) => packKey(toHex(name))), ...manifests.map(({ id }) => manifestKey(id))]);
    },
  };
}
