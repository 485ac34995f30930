/** An image of one disk and no bytes, for tests of what lies below the use cases. */
import { randomBytes } from 'node:crypto';
import type { Caller } from '../../src/app/context.ts';
import type { Trx } from '../../src/db/database.ts';
import { insertImage, type NewImage } from '../../src/db/images.ts';
import { findDefaultProject } from '../../src/db/tenants/projects.ts';
import { newImageIds, newSnapshot } from '../../src/domain/ids.ts';

/** Inserts it for the caller and returns its id; the disk measures one byte. */
export async function insertPlainImage(
  trx: Trx,
  caller: Caller,
  changes: Partial<NewImage> & { readonly region: string },
): Promise<string> {
  const { id: projectId } = await findDefaultProject(trx, caller.accountId, changes.region);
  const ids = newImageIds(randomBytes);
  await insertImage(trx, {
    ...ids,
    accountId: caller.accountId,
    projectId,
    resourceGroupId: null,
    name: 'plain',
    description: '',
    kind: 'data-disk',
    rootDevice: 'cloud-disk',
    state: 'queued',
    visibility: 'private',
    protected: false,
    tags: {},
    sourceImageId: null,
    createdAt: 0,
    updatedAt: 0,
    disks: [
      {
        index: 0,
        role: 'data',
        format: null,
        size: 1,
        dataBytes: null,
        digest: null,
        snapshot: newSnapshot(randomBytes),
      },
    ],
    ...changes,
  });
  return changes.id ?? ids.id;
}
