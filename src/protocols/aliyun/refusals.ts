/** What the core's refusals and failures become where an operation does not say otherwise; one without a row does not compile. */
import type { RefusalFacts } from '../../domain/refusal.ts';
import { FaultError } from '../shared/faults.ts';
import type { FailureTable, RefusalTable } from '../shared/refusals.ts';
import { commonFaults } from './common-faults.ts';
import type { Fault } from './fault.ts';

const { conflict, forbidden, internal, invalidParameter, regionNotFound, unavailable } = commonFaults;

export const imageNotFound = {
  status: 404,
  code: 'InvalidImageId.NotFound',
  message: 'The specified ImageId does not exist.',
  when: "no image that the caller may see has this id in the request's region",
} as const satisfies Fault;

export const imageStatus = {
  status: 400,
  code: 'IncorrectImageStatus',
  message: 'The specified Image is not available.',
  when: 'the image is in another state than Available',
} as const satisfies Fault;

export const imageCopying = {
  status: 403,
  code: 'OperationDenied.ImageCopying',
  message: 'The image is currently being copied. Please try again later.',
  older: 'The Image are coping.',
  when: 'the image is being copied',
} as const satisfies Fault;

export const imageNameTaken = {
  status: 400,
  code: 'InvalidImageName.Duplicated',
  message: 'The specified Image name has already bean used.',
  when: 'the account has an image of this name in the region',
} as const satisfies Fault;

export const imageQuota = {
  status: 403,
  code: 'QuotaExceed.Image',
  message: 'The number of images exceeds the limit (%s).',
  older: 'The Image Quota exceeds.',
  when: 'the account would have more images in the region than its quota allows',
} as const satisfies Fault;

export const snapshotQuota = {
  status: 403,
  code: 'QuotaExceed.Snapshot',
  message: 'The snapshot quota exceeds.',
  when: 'the account would have more snapshots, or more bytes in them, in the region than its quotas allow',
} as const satisfies Fault;

export const imageImporting = {
  status: 403,
  code: 'ImageIsImporting',
  message: 'The specified Image is importing.',
  when: 'the image is being imported',
} as const satisfies Fault;

export const imageExporting = {
  status: 403,
  code: 'ImageIsExporting',
  message:
    'The specified image is currently being exported. You can use the DescribeTasks API to check the status of related tasks and cancel them if needed.',
  when: 'the image is being exported',
} as const satisfies Fault;

const snapshotNotFound = {
  status: 404,
  code: 'InvalidSnapshotId.NotFound',
  message: 'The specified SnapshotId does not exist.',
  when: "no snapshot of the account has this id in the request's region",
} as const satisfies Fault;

const snapshotNotReady = {
  status: 403,
  code: 'InvalidSnapshotId.NotReady',
  message: 'The specified snapshot has not completed yet.',
  when: 'the snapshot is not accomplished yet',
} as const satisfies Fault;

export const resourceGroupNotFound = {
  status: 404,
  code: 'InvalidResourceGroup.NotFound',
  message: 'The ResourceGroup provided does not exist in our records.',
  when: 'ResourceGroupId names no resource group of the account',
} as const satisfies Fault;

/** Of what no action here asks for, or what the one that does has rows of its own for. It would be logged. */
const unasked = internal;

export const refusalFaults: RefusalTable<Fault> = {
  'request.invalid': ({ field }) => new FaultError(invalidParameter, field),
  'request.idempotency-mismatch': commonFaults.idempotencyMismatch,
  'request.dry-run-passed': commonFaults.dryRunPassed,
  'precondition.failed': conflict,
  forbidden,
  'account.not-found': unasked,
  'account.exists': unasked,
  'account.own': unasked,
  'user.not-found': unasked,
  'user.exists': unasked,
  'user.last-owner': unasked,
  'access-key.not-found': unasked,
  'access-key.limit': unasked,
  'session.not-found': unasked,
  'session.limit': unasked,
  'project.not-found': unasked,
  'project.exists': unasked,
  'project.in-use': unasked,
  'agency.not-found': unasked,
  'agency.exists': unasked,
  'agency.not-permitted': forbidden,
  'resource-group.not-found': resourceGroupNotFound,
  'resource-group.exists': unasked,
  'resource-group.in-use': unasked,
  'quota.images': overQuota,
  'quota.snapshots': snapshotQuota,
  'quota.bytes': snapshotQuota,
  'quota.copies': conflict,
  'webhook.not-found': unasked,
  'webhook.limit': unasked,
  'webhook.disabled': unasked,
  'webhook.address': unasked,
  'delivery.not-found': unasked,
  'region.not-found': regionNotFound,
  'image.not-found': imageNotFound,
  'image.not-readable': imageStatus,
  'image.being-copied': imageCopying,
  'image.changing': imageStatus,
  'image.protected': conflict,
  'image.shared': unasked,
  'image.name-taken': imageNameTaken,
  'image.importing': imageImporting,
  'image.exporting': imageExporting,
  'snapshot.not-found': snapshotNotFound,
  'snapshot.not-ready': snapshotNotReady,
  'snapshot.in-use': unasked,
  'snapshot.other-region': unasked,
  'tag.limit': unasked,
  'member.not-found': unasked,
  'member.own': unasked,
  'member.limit': unasked,
  'share.not-found': unasked,
  'disk.not-found': unasked,
  'disk.has-content': unasked,
  'disk.upload-in-progress': unasked,
  'disk.unsafe-format': unasked,
  'disk.range': unasked,
  'upload.wrong-offset': unasked,
  'upload.incomplete': unasked,
  'upload.malformed': unasked,
  'copy.not-found': imageNotFound,
  'copy.finished': imageStatus,
  'copy.not-retryable': unasked,
  'copy.too-many': unasked,
  'copy.same-region': unasked,
  'copy.other-region': unasked,
  'copy.kind': unasked,
  'copy.root-device': unasked,
  'copy.size': unasked,
  'copy.source': unasked,
  'copy.shared-region': unasked,
  'copy.conflict': unasked,
  'copy.too-many-elsewhere': unasked,
  'store.full': unavailable,
  'object-store.missing': unasked,
  'object-store.unreachable': unavailable,
  'object.bucket-not-found': unasked,
  'object.not-found': unasked,
  'object.exists': unasked,
  'object.denied': unasked,
  'object.size': unasked,
  'export.format': unasked,
  'export.size': unasked,
  'task.not-found': unasked,
  'task.finished': unasked,
  'task.completing': unasked,
  'image.encrypted': unasked,
  'copy.decrypting': unasked,
  'copy.encrypting': unasked,
  'copy.same-key': unasked,
  'key.not-found': unasked,
  'key.required': unasked,
  'key.disabled': unasked,
  'key.other-region': unasked,
  'key.not-granted': unasked,
  'key.region': unasked,
  'key.account': unasked,
  'key.pending-deletion': unasked,
  'key.not-pending-deletion': unasked,
  'key.pending-import': unasked,
  'key.not-external': unasked,
  'key.external': unasked,
  'key.other-material': unasked,
  'key.default': unasked,
  'key.limit': unasked,
  'key.alias-exists': unasked,
  'key.alias-not-found': unasked,
  'key.alias-limit': unasked,
  'key.grant-not-found': unasked,
};

function overQuota({ limit }: RefusalFacts['quota.images']): FaultError {
  return new FaultError(imageQuota, String(limit));
}

export const failureFaults: FailureTable<Fault> = {
  'source-gone': conflict,
  'not-permitted': forbidden,
  'image-damaged': internal,
  'destination-full': unavailable,
  'store-unavailable': unavailable,
  'database-unavailable': unavailable,
  'object-store-unavailable': unavailable,
  'object-gone': conflict,
  'object-denied': forbidden,
  'format-refused': invalidParameter,
  'key-provider-unavailable': unavailable,
  'key-disabled': forbidden,
  'key-gone': forbidden,
  'key-denied': forbidden,
  'source-key-disabled': forbidden,
  'source-key-gone': forbidden,
  'source-key-denied': forbidden,
  'attempts-exhausted': internal,
  internal,
};
