/** Every operation that answers, of every service. */
import { deleteSnapshot } from './disk/delete-snapshot.ts';
import { deleteSnapshots } from './disk/delete-snapshots.ts';
import { describeQuota } from './disk/describe-quota.ts';
import { describeSnapshot } from './disk/describe-snapshot.ts';
import { describeSnapshots } from './disk/describe-snapshots.ts';
import type { Operation } from './operation.ts';
import { compileRoute, type PathValues } from './paths.ts';
import { convertImage } from './vm/convert-image.ts';
import { copyImages } from './vm/copy-images.ts';
import { createImage } from './vm/create-image.ts';
import { createImageFromSnapshots } from './vm/create-image-from-snapshots.ts';
import { deleteImage } from './vm/delete-image.ts';
import { describeImage } from './vm/describe-image.ts';
import { describeImageConstraints } from './vm/describe-image-constraints.ts';
import { describeImageConstraintsBatch } from './vm/describe-image-constraints-batch.ts';
import { describeImageMembers } from './vm/describe-image-members.ts';
import { describeImages } from './vm/describe-images.ts';
import { describeInstances } from './vm/describe-instances.ts';
import { describeQuotas } from './vm/describe-quotas.ts';
import { exportImage } from './vm/export-image.ts';
import { imageTasks } from './vm/image-tasks.ts';
import { importImage } from './vm/import-image.ts';
import { modifyImageAttribute } from './vm/modify-image-attribute.ts';
import { releaseImage } from './vm/release-image.ts';
import { shareImage } from './vm/share-image.ts';
import { unReleaseImage } from './vm/unrelease-image.ts';
import { unShareImage } from './vm/unshare-image.ts';

export const operations: readonly Operation[] = [
  convertImage,
  copyImages,
  createImage,
  createImageFromSnapshots,
  deleteImage,
  deleteSnapshot,
  deleteSnapshots,
  describeImage,
  describeImageConstraints,
  describeImageConstraintsBatch,
  describeImageMembers,
  describeImages,
  describeInstances,
  describeQuota,
  describeQuotas,
  describeSnapshot,
  describeSnapshots,
  exportImage,
  imageTasks,
  importImage,
  modifyImageAttribute,
  releaseImage,
  shareImage,
  unReleaseImage,
  unShareImage,
];

const routes = operations.map((operation) => ({ operation, match: compileRoute(operation.route) }));

export interface FoundOperation {
  readonly operation: Operation;
  readonly path: PathValues;
}

/** By service, since two services have operations with the same method and path. */
export function findOperations(method: string, path: string): ReadonlyMap<string, FoundOperation> {
  const found = new Map<string, FoundOperation>();
  for (const { operation, match } of routes) {
    const values = operation.method === method ? match(path) : undefined;
    if (values !== undefined) found.set(operation.service, { operation, path: values });
  }
  return found;
}
