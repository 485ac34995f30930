/** Every action that answers, of every product. */

import { addTags } from './ecs/add-tags.ts';
import { cancelCopyImage } from './ecs/cancel-copy-image.ts';
import { cancelTask } from './ecs/cancel-task.ts';
import { copyImage } from './ecs/copy-image.ts';
import { createImage } from './ecs/create-image.ts';
import { deleteImage } from './ecs/delete-image.ts';
import { deleteSnapshot } from './ecs/delete-snapshot.ts';
import { describeAccountAttributes } from './ecs/describe-account-attributes.ts';
import { describeImageFromFamily } from './ecs/describe-image-from-family.ts';
import { describeImageSharePermission } from './ecs/describe-image-share-permission.ts';
import { describeImages } from './ecs/describe-images.ts';
import { describeRegions } from './ecs/describe-regions.ts';
import { describeSnapshots } from './ecs/describe-snapshots.ts';
import { describeTaskAttribute } from './ecs/describe-task-attribute.ts';
import { describeTasks } from './ecs/describe-tasks.ts';
import { exportImage } from './ecs/export-image.ts';
import { importImage } from './ecs/import-image.ts';
import { listTagResources } from './ecs/list-tag-resources.ts';
import { modifyImageAttribute } from './ecs/modify-image-attribute.ts';
import { modifyImageSharePermission } from './ecs/modify-image-share-permission.ts';
import { removeTags } from './ecs/remove-tags.ts';
import { tagResources } from './ecs/tag-resources.ts';
import { untagResources } from './ecs/untag-resources.ts';
import { cancelKeyDeletion } from './kms/cancel-key-deletion.ts';
import { createAlias } from './kms/create-alias.ts';
import { createKey } from './kms/create-key.ts';
import { deleteAlias } from './kms/delete-alias.ts';
import { describeKey } from './kms/describe-key.ts';
import { disableKey } from './kms/disable-key.ts';
import { enableKey } from './kms/enable-key.ts';
import { listAliases } from './kms/list-aliases.ts';
import { listAliasesByKeyId } from './kms/list-aliases-by-key-id.ts';
import { listKeys } from './kms/list-keys.ts';
import { scheduleKeyDeletion } from './kms/schedule-key-deletion.ts';
import { type Operation, type ServiceName, services } from './operation.ts';
import { assumeRole } from './sts/assume-role.ts';
import { getCallerIdentity } from './sts/get-caller-identity.ts';

export const operations: readonly Operation[] = [
  addTags,
  assumeRole,
  cancelCopyImage,
  cancelKeyDeletion,
  cancelTask,
  copyImage,
  createAlias,
  createImage,
  createKey,
  deleteAlias,
  deleteImage,
  deleteSnapshot,
  describeAccountAttributes,
  describeImageFromFamily,
  describeImageSharePermission,
  describeImages,
  describeKey,
  describeRegions,
  describeSnapshots,
  describeTaskAttribute,
  describeTasks,
  disableKey,
  enableKey,
  exportImage,
  getCallerIdentity,
  importImage,
  listAliases,
  listAliasesByKeyId,
  listKeys,
  listTagResources,
  modifyImageAttribute,
  modifyImageSharePermission,
  removeTags,
  scheduleKeyDeletion,
  tagResources,
  untagResources,
];

const byName = new Map(operations.map((each) => [`${services[each.service].version} ${each.action}`, each]));

export function findOperation(version: string, action: string): Operation | undefined {
  return byName.get(`${version} ${action}`);
}

/** The product of this version; ECS where there is none such, whose shape an error takes then. */
export function serviceOf(version: string): ServiceName {
  const [name] = Object.entries(services).find(([, service]) => service.version === version) ?? [];
  return (name as ServiceName | undefined) ?? 'ecs';
}
