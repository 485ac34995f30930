/** Every disk whose bytes should all be there, for a walk through the stores, and every snapshot that has a disk's by itself. */
import { sql } from 'kysely';
import type { Db } from './database.ts';

export interface DiskToVerify {
  /** Null for a snapshot that no image stands on. */
  readonly image: string | null;
  readonly snapshot: string;
  readonly disk: number;
  readonly region: string;
  readonly size: number;
  readonly manifestId: string;
  readonly root: Uint8Array;
  /** Whose key the chunk ids are made with. */
  readonly accountId: string;
  /** Whose disk it is. */
  readonly ownerId: string;
  /** What it is encrypted with; null where it is not. */
  readonly dataKeyId: string | null;
}

/** At most `limit` disks after `last` that can be read, of one image or of all; the snapshots come last. */
export async function listDisksToVerify(
  db: Db,
  image: string | undefined,
  last: Pick<DiskToVerify, 'image' | 'snapshot' | 'disk'> | undefined,
  limit: number,
): Promise<DiskToVerify[]> {
  const ofImages = sql`
    SELECT 1 AS part, d.image AS holder, d.index AS disk, d.image, d.snapshot, d.size, i.account, d.manifest
    FROM disks d JOIN images i ON i.id = d.image
    WHERE i.state IN ('available', 'deprecated') AND (${image ?? null}::uuid IS NULL OR d.image = ${image ?? null})`;
  const ofSnapshots = sql`
    SELECT 2 AS part, id AS holder, 0 AS disk, NULL::uuid AS image, id AS snapshot, size, account, manifest
    FROM snapshots WHERE ${image ?? null}::uuid IS NULL AND manifest IS NOT NULL`;
  const place = last && { part: last.image === null ? 2 : 1, holder: last.image ?? last.snapshot, disk: last.disk };
  const beyond = place && sql`AND (part, holder, disk) > (${place.part}, ${place.holder}::uuid, ${place.disk})`;
  const { rows } = await sql<DiskToVerify>`
    SELECT h.image, h.snapshot, h.disk, r.id AS region, h.size, m.id AS "manifestId", m.root,
           coalesce(m.chunk_account, h.account) AS "accountId", h.account AS "ownerId", m.data_key AS "dataKeyId"
    FROM (${ofImages} UNION ALL ${ofSnapshots}) h
    JOIN manifests m ON m.id = h.manifest JOIN regions r ON r.number = m.region
    WHERE m.root IS NOT NULL ${beyond ?? sql``}
    ORDER BY part, holder, disk LIMIT ${limit}`.execute(db);
  return rows;
}
