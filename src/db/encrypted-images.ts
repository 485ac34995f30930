import { sql } from 'kysely';
import type { Trx } from './database.ts';

/**
 * Whether bytes of the image are encrypted, or those will be that an upload, an import or a copy brings. The transaction must hold
 * the image's lock.
 */
export async function isImageEncrypted(trx: Trx, image: string): Promise<boolean> {
  const { rows } = await sql<{ isEncrypted: boolean }>`
    SELECT EXISTS (SELECT FROM images WHERE id = ${image} AND upload_key IS NOT NULL) OR EXISTS (
      SELECT FROM disks d JOIN manifests m ON m.id = d.manifest
      WHERE d.image = ${image} AND m.data_key IS NOT NULL
    ) OR EXISTS (
      SELECT FROM copies c
      WHERE c.destination_image = ${image} AND c.finished_at IS NULL AND c.encryption <> 'none'
        AND (c.encryption <> 'same' OR EXISTS (
          SELECT FROM disks d JOIN manifests m ON m.id = d.manifest
          WHERE d.image = c.source_image AND m.data_key IS NOT NULL))
    ) AS "isEncrypted"`.execute(trx);
  return rows[0]?.isEncrypted === true;
}
