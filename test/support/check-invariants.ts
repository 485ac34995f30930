/**
 * What has to hold in the database and the stores between any two transactions (docs/invariants.md), asked for in SQL that
 * knows nothing of how it is kept. Run after each scenario.
 */
import { sql } from 'kysely';
import { expect } from 'vitest';
import type { Db } from '../../src/db/database.ts';
import { toHex } from '../../src/lib/hex.ts';
import { packKey } from '../../src/store/blob-keys.ts';
import type { DiskSealing } from '../../src/store/disk-keys.ts';
import { openManifest } from '../../src/store/manifest-reader.ts';
import type { RegionStore } from '../../src/store/region-store.ts';

/** Each statement finds what must not be there. */
const storeRules: Readonly<Record<string, string>> = {
  'W2: a tie names a live pack and a manifest that is not condemned': `
    SELECT t.manifest || ' ' || p.state || ' ' || m.state FROM manifest_packs t
    JOIN packs p ON p.number = t.pack JOIN manifests m ON m.id = t.manifest
    WHERE p.state <> 'live' OR m.state = 'condemned' OR p.region <> m.region`,
  'D1: a live pack has a tie': `
    SELECT number::text FROM packs WHERE state = 'live' AND number NOT IN (SELECT pack FROM manifest_packs)`,
  'W1: a chunk lies in a live pack of its region': `
    SELECT p.number || ' is ' || p.state FROM chunks c JOIN packs p ON p.number = c.pack
    WHERE p.state <> 'live' OR p.region <> c.region GROUP BY p.number`,
  'a pack is reserved for a pending manifest of its region': `
    SELECT p.number || ' is reserved for ' || m.state FROM packs p LEFT JOIN manifests m ON m.id = p.reserved_for
    WHERE p.state = 'reserved' AND (m.state IS DISTINCT FROM 'pending' OR m.region <> p.region)`,
  'no disk and no snapshot has a condemned manifest': `
    SELECT d.image::text FROM disks d JOIN manifests m ON m.id = d.manifest WHERE m.state = 'condemned'
    UNION ALL SELECT s.id::text FROM snapshots s JOIN manifests m ON m.id = s.manifest WHERE m.state = 'condemned'`,
};

const imageRules: Readonly<Record<string, string>> = {
  'D1: a manifest that is not condemned belongs to a disk or a snapshot of its region': `
    SELECT m.id || ' is ' || m.state FROM manifests m
    WHERE m.state <> 'condemned' AND NOT EXISTS (
      SELECT FROM disks d JOIN images i ON i.id = d.image WHERE d.manifest = m.id AND i.region = m.region)
      AND NOT EXISTS (SELECT FROM snapshots s WHERE s.manifest = m.id AND s.region = m.region)`,
  'W3: an image is available exactly when each of its disks has a live manifest': `
    SELECT i.id || ' is ' || i.state FROM images i
    LEFT JOIN disks d ON d.image = i.id LEFT JOIN manifests m ON m.id = d.manifest
    GROUP BY i.id
    HAVING (i.state IN ('available', 'deprecated')) <> bool_and(m.state IS NOT DISTINCT FROM 'live')`,
  'only what is being written has a pending manifest': `
    SELECT i.id || ' is ' || i.state FROM images i
    JOIN disks d ON d.image = i.id JOIN manifests m ON m.id = d.manifest
    WHERE m.state = 'pending' AND NOT (
      EXISTS (SELECT FROM uploads u WHERE u.image = i.id AND u.disk = d.index)
      OR EXISTS (SELECT FROM copies c WHERE c.destination_image = i.id AND c.finished_at IS NULL))`,
  'an image is uploading exactly while there is an upload': `
    SELECT i.id || ' is ' || i.state FROM images i
    WHERE i.source_image IS NULL
      AND (i.state = 'uploading') <> EXISTS (SELECT FROM uploads u WHERE u.image = i.id)`,
  'only an unfinished copy stores a disk under other keys': `
    SELECT i.id || ' is ' || i.state FROM images i JOIN uploads u ON u.image = i.id
    WHERE i.source_image IS NOT NULL
      AND NOT EXISTS (SELECT FROM copies c WHERE c.destination_image = i.id AND c.finished_at IS NULL)`,
  'the log of an upload has no gaps and ends with the disk': `
    SELECT s.manifest || ' at ' || s.position FROM (
      SELECT *, coalesce(lag(position + length) OVER (PARTITION BY manifest ORDER BY position), 0) AS reached
      FROM upload_segments) s
    JOIN uploads u ON u.manifest = s.manifest JOIN disks d ON d.image = u.image AND d.index = u.disk
    WHERE s.position <> s.reached OR s.position + s.length > d.size OR d.manifest IS DISTINCT FROM u.manifest`,
  'W2: what the log of an upload names lies in packs that its manifest is tied to': `
    SELECT s.manifest || ' at ' || s.position FROM upload_segments s JOIN manifests m ON m.id = s.manifest
    CROSS JOIN generate_series(0, length(s.ids) / 32 - 1) AS chunk
    WHERE NOT EXISTS (
      SELECT FROM chunks c JOIN manifest_packs t ON t.pack = c.pack AND t.manifest = m.id
      WHERE c.region = m.region AND c.id = substring(s.ids FROM chunk * 32 + 1 FOR 32))`,
  'an image that is to become a copy has an unfinished copy': `
    SELECT i.id || ' is ' || i.state FROM images i
    WHERE (i.state = 'copying' OR (i.state = 'queued' AND i.source_image IS NOT NULL))
      AND NOT EXISTS (SELECT FROM copies c WHERE c.destination_image = i.id AND c.finished_at IS NULL)`,
};

const snapshotRules: Readonly<Record<string, string>> = {
  'W3: a snapshot that no image stands on has a live manifest, and one that an image stands on leaves it to the disk': `
    SELECT s.id || ' has ' || coalesce(m.state, 'nothing') FROM snapshots s LEFT JOIN manifests m ON m.id = s.manifest
    WHERE CASE WHEN EXISTS (SELECT FROM disks d WHERE d.snapshot = s.id) THEN s.manifest IS NOT NULL
               ELSE m.state IS DISTINCT FROM 'live' END`,
  'a disk stands on a snapshot of its account and region that measures what it does': `
    SELECT d.image || ' ' || d.index FROM disks d
    JOIN images i ON i.id = d.image JOIN snapshots s ON s.id = d.snapshot
    WHERE (i.account, i.region, d.size) <> (s.account, s.region, s.size) OR d.format IS DISTINCT FROM s.format`,
  'the disks that stand on one snapshot have the same bytes': `
    SELECT snapshot::text FROM disks GROUP BY snapshot
    HAVING count(*) > 1 AND (count(DISTINCT manifest) <> 1 OR count(manifest) <> count(*))`,
};

const copyRules: Readonly<Record<string, string>> = {
  'a copy and its new image agree': `
    SELECT c.id || ' has ' || c.state || ', its image is ' || coalesce(i.state, 'gone') FROM copies c
    LEFT JOIN images i ON i.id = c.destination_image
    WHERE NOT CASE c.state
      WHEN 'queued' THEN i.state IS NOT DISTINCT FROM 'queued'
      WHEN 'running' THEN coalesce(i.state, 'gone') IN ('queued', 'copying')
      WHEN 'succeeded' THEN coalesce(i.state, 'gone') IN ('available', 'deprecated', 'gone')
      WHEN 'failed' THEN coalesce(i.state, 'gone') IN ('failed', 'gone')
      WHEN 'cancelled' THEN i.id IS NULL
    END`,
  'the source of an unfinished copy can be read': `
    SELECT c.id || ' reads ' || coalesce(i.state, 'nothing') FROM copies c LEFT JOIN images i ON i.id = c.source_image
    WHERE c.finished_at IS NULL AND coalesce(i.state, 'gone') NOT IN ('available', 'deprecated')`,
  'a finished copy has no job, a running one has': `
    SELECT id || ' has ' || state FROM copies
    WHERE (finished_at IS NOT NULL AND job IS NOT NULL) OR (state = 'running' AND job IS NULL)`,
  'P1: everything is done exactly when the copy has succeeded': `
    SELECT id || ' has ' || state || ' with ' || bytes_done || ' of ' || bytes_total FROM copies
    WHERE bytes_done > bytes_total OR (state = 'succeeded' AND bytes_done < bytes_total)`,
};

const taskRules: Readonly<Record<string, string>> = {
  'an import and its image agree': `
    SELECT t.id || ' has ' || t.state || ', its image is ' || coalesce(i.state, 'gone') FROM tasks t
    LEFT JOIN images i ON i.id = t.image
    WHERE t.kind = 'import' AND NOT CASE t.state
      WHEN 'queued' THEN coalesce(i.state, 'gone') IN ('queued', 'uploading')
      WHEN 'running' THEN coalesce(i.state, 'gone') IN ('queued', 'uploading')
      WHEN 'succeeded' THEN coalesce(i.state, 'gone') IN ('available', 'deprecated', 'gone')
      WHEN 'failed' THEN coalesce(i.state, 'gone') IN ('failed', 'gone')
      WHEN 'cancelled' THEN i.id IS NULL
    END`,
  'the image of an unfinished export can be read': `
    SELECT t.id || ' reads ' || coalesce(i.state, 'nothing') FROM tasks t LEFT JOIN images i ON i.id = t.image
    WHERE t.kind = 'export' AND t.finished_at IS NULL AND coalesce(i.state, 'gone') NOT IN ('available', 'deprecated')`,
  'P1: everything is done exactly when the task has succeeded': `
    SELECT id || ' has ' || state || ' with ' || bytes_done || ' of ' || bytes_total FROM tasks
    WHERE bytes_done > bytes_total OR (state = 'succeeded' AND bytes_done < bytes_total)`,
};

/** Quotas, counted anew from the images and the snapshots. */
const quotaRules: Readonly<Record<string, string>> = {
  'an image counts for the data it has, or for what it announced': `
    SELECT i.id || ' counts for ' || i.quota_bytes || ', holds ' || held.bytes FROM images i
    CROSS JOIN LATERAL (
      SELECT sum(coalesce(m.data_bytes, source.data_bytes, d.size)) AS bytes FROM disks d
      LEFT JOIN manifests m ON m.id = d.manifest
      LEFT JOIN disks from_disk ON from_disk.image = i.source_image AND from_disk.index = d.index
      LEFT JOIN manifests source ON source.id = from_disk.manifest
      WHERE d.image = i.id) AS held
    WHERE i.state IN ('available', 'deprecated', 'copying') AND i.quota_bytes <> held.bytes`,
  'an image that waits for its bytes counts for what was announced': `
    SELECT i.id || ' counts for ' || i.quota_bytes FROM images i
    WHERE i.state IN ('queued', 'uploading') AND i.source_image IS NULL
      AND i.quota_bytes <> (SELECT coalesce(sum(d.size), 0) FROM disks d WHERE d.image = i.id)`,
  'what is used of a quota is what the images and the snapshots take': `
    SELECT q.account || ' uses ' || concat_ws('/', q.images_used, q.snapshots_used, q.bytes_used) || ', has '
           || concat_ws('/', taken.images, taken.snapshots, taken.bytes)
    FROM account_regions q
    CROSS JOIN LATERAL (
      SELECT images.count AS images, snapshots.count AS snapshots, images.bytes + snapshots.bytes AS bytes
      FROM (
        SELECT count(*), coalesce(sum(i.quota_bytes), 0) AS bytes FROM images i
        WHERE i.account = q.account AND i.region = q.region AND i.state <> 'failed') AS images, (
        SELECT count(*), coalesce(sum(m.data_bytes), 0) AS bytes
        FROM snapshots s LEFT JOIN manifests m ON m.id = s.manifest
        WHERE s.account = q.account AND s.region = q.region AND NOT EXISTS (
          SELECT FROM disks d JOIN images i ON i.id = d.image
          WHERE d.snapshot = s.id AND i.state = 'failed')) AS snapshots) AS taken
    WHERE (q.images_used, q.snapshots_used, q.bytes_used) <> (taken.images, taken.snapshots, taken.bytes)`,
  'an image and a snapshot are charged to a quota': `
    SELECT i.id::text FROM (SELECT id, account, region FROM images UNION ALL SELECT id, account, region FROM snapshots) i
    WHERE NOT EXISTS (SELECT FROM account_regions q WHERE q.account = i.account AND q.region = i.region)`,
  'an image is shared exactly while it has members': `
    SELECT i.id || ' is ' || i.visibility FROM images i
    WHERE i.visibility <> 'public'
      AND (i.visibility = 'shared') <> EXISTS (SELECT FROM image_members m WHERE m.image = i.id)`,
};

export interface CheckOptions {
  /** Copies of a group that may be admitted at once, unless an administrator allows more. */
  readonly groupCap?: number;
  /** When given, each live manifest and the packs it needs are looked for in them, too. */
  readonly stores?: ReadonlyMap<string, RegionStore>;
  /** Opens what manifests of encrypted disks are authenticated with, which it does whatever the key's state. */
  readonly openSealing?: (dataKey: string) => Promise<DiskSealing>;
}

/** Fails the test when an invariant does not hold. */
export async function expectSound(db: Db, options: CheckOptions = {}): Promise<void> {
  report(
    await findBroken(
      db,
      { ...storeRules, ...imageRules, ...snapshotRules, ...copyRules, ...taskRules, ...quotaRules },
      options,
    ),
  );
}

/** As {@link expectSound}, for tests of the store alone, whose manifests need not belong to an image. */
export async function expectSoundStore(db: Db): Promise<void> {
  report(await findBroken(db, { ...storeRules, ...snapshotRules }, {}));
}

function report(broken: readonly string[]): void {
  if (broken.length > 0) expect.fail(`${broken.length} invariants do not hold:\n${broken.join('\n')}`);
}

async function findBroken(db: Db, rules: Readonly<Record<string, string>>, options: CheckOptions): Promise<string[]> {
  const broken: string[] = [];
  for (const [rule, statement] of Object.entries(rules)) {
    const { rows } = await sql.raw<{ text: string }>(`SELECT text FROM (${statement}) AS found (text)`).execute(db);
    broken.push(...rows.map(({ text }) => `${rule}: ${text}`));
  }
  if (options.groupCap !== undefined) broken.push(...(await findCrowdedGroups(db, options.groupCap)));
  for (const store of options.stores?.values() ?? []) broken.push(...(await findUnreadable(db, store, options)));
  return broken;
}

async function findCrowdedGroups(db: Db, cap: number): Promise<string[]> {
  const { rows } = await sql<{ text: string }>`
    SELECT c.account || ' has ' || count(*) AS text FROM copies c
    JOIN account_regions q ON q.account = c.account AND q.region = c.destination_region
    WHERE c.finished_at IS NULL AND c.job IS NOT NULL
    GROUP BY c.account, c.destination_region, q.copies_limit HAVING count(*) > greatest(${cap}, q.copies_limit)`.execute(
    db,
  );
  return rows.map(({ text }) => `the cap of a group holds: ${text}`);
}

/** W1 and W2 from the other end: what the manifests in the store name is there, and tied to them. */
async function findUnreadable(
  db: Db,
  { region, blobs }: RegionStore,
  { openSealing }: CheckOptions,
): Promise<string[]> {
  const broken: string[] = [];
  const manifests = await db
    .selectFrom('manifests')
    .innerJoin('regions', 'regions.number', 'manifests.region')
    .select(['manifests.id', 'manifests.root', 'manifests.region', 'manifests.data_key as dataKey'])
    .where('regions.id', '=', region)
    .where('manifests.state', '=', 'live')
    .execute();
  for (const { id, root, region: number, dataKey } of manifests) {
    const sealing = dataKey === null ? null : ((await openSealing?.(dataKey)) ?? null);
    const manifest = await openManifest(blobs, id, root as Buffer, { sealing });
    const ids: Buffer[] = [];
    for await (const page of manifest.pages())
      ids.push(...page.flatMap((entry) => (entry.id ? Buffer.from(entry.id) : [])));
    const { rows } = await sql<{ id: Buffer }>`
      SELECT id FROM unnest(${ids}::bytea[]) AS named (id) WHERE NOT EXISTS (
        SELECT FROM chunks c JOIN manifest_packs t ON t.pack = c.pack
        WHERE c.region = ${number} AND c.id = named.id AND t.manifest = ${id})`.execute(db);
    broken.push(...rows.map((chunk) => `W2: ${id} needs the chunk ${toHex(chunk.id)} and is not tied to it`));
  }
  const packs = await db
    .selectFrom('packs')
    .innerJoin('regions', 'regions.number', 'packs.region')
    .select('packs.name')
    .where('regions.id', '=', region)
    .where('packs.state', '=', 'live')
    .execute();
  for (const { name } of packs) {
    const key = packKey(toHex(name));
    if ((await blobs.stat(key)) === undefined) broken.push(`W1: ${key} is live and has no bytes`);
  }
  return broken;
}
