/** CreateImage's error table (2026-01). */
import { unused } from '../../shared/faults.ts';
import type { Faults } from '../fault.ts';
import { imageNameTaken } from '../refusals.ts';
import { newImageFaults } from './new-image-faults.ts';

export const createImageFaults = {
  ...newImageFaults,
  imageNameTaken,
  descriptionMalformed: {
    status: 400,
    code: 'InvalidDescription.Malformed',
    message: 'The specified description is wrongly formed.',
    when: 'Description breaks its rule',
  },
  bootModeMalformed: {
    status: 400,
    code: 'InvalidBootMode.NotSupport',
    message: 'The specified parameter BootMode is not supported.',
    when: 'BootMode is none of its words',
  },
  versionMalformed: {
    status: 400,
    code: 'InvalidImageVersion.Malformed',
    message: 'The specified ImageVersion is wrongly formed.',
    when: 'ImageVersion breaks its rule',
  },
  familyMalformed: {
    status: 400,
    code: 'InvalidImageFamily.Malformed',
    message: 'The format of the specified image family is invalid.',
    when: 'ImageFamily breaks its rule',
  },
  deviceMalformed: {
    status: 400,
    code: 'InvalidDevice.Malformed',
    message: 'The specified parameter DiskDeviceMapping.n.Device is not valid.',
    when: 'a Device is none of /dev/xvda to /dev/xvdz',
  },
  deviceInUse: {
    status: 400,
    code: 'InvalidDevice.InUse',
    message: 'The specified parameter DiskDeviceMapping.n.Device has been occupied.',
    when: 'two mappings have the same Device',
  },
  diskTypeInvalid: {
    status: 400,
    code: 'InvalidDiskType.ValueNotSupported',
    message: 'The specified disk type is not supported.',
    when: 'a DiskType is neither system nor data',
  },
  sizeOutOfRange: {
    status: 400,
    code: 'InvalidSize.ValueNotSupported',
    message: 'The specified parameter DiskDeviceMapping.n.Size beyond the permitted range.',
    when: 'a Size is another than that of the snapshot: disks are made as they are',
  },
  nothingToMakeItOf: {
    status: 400,
    code: 'MissingParameter',
    message:
      'The input parameter SnapshotId or InstanceId or DiskDeviceMapping that is mandatory for processing this request is not supplied.',
    when: 'none of the three is given',
  },
  noSystemSnapshot: {
    status: 400,
    code: 'OperationDenied',
    message: 'The specified parameter DiskDeviceMapping.n.SnapshotId does not contain system disk snapshot.',
    when: 'no mapping is of a system disk',
  },
  manySystemSnapshots: {
    status: 400,
    code: 'OperationDenied',
    message: 'The specified parameter DiskDeviceMapping.n.SnapshotId contains two or more system disk snapshots.',
    when: 'more than one mapping is of a system disk',
  },
  notFromSystemDisk: {
    status: 403,
    code: 'OperationDenied',
    message: 'The specified snapshot is not from system disk.',
    when: 'SnapshotId is that of a data disk',
  },
  snapshotNotReady: {
    status: 403,
    code: 'InvalidSnapshotId.NotReady',
    message: 'The current status of the DiskDeviceMapping.n.SnapshotId or SnapshotId does not support this operation.',
    when: 'the image that the snapshot belongs to is still being made, or has failed',
  },
  snapshotNotFound: {
    status: 404,
    code: 'InvalidSnapshotId.NotFound',
    message: 'The specified SnapshotId does not exist.',
    when: 'no snapshot of the account has this id in the region',
  },
  instanceNotFound: {
    status: 404,
    code: 'InvalidInstanceId.NotFound',
    message: 'The specified instance %s does not exist.',
    older: 'The specified InstanceId does not exist.',
    when: 'InstanceId is given: there are no instances',
  },
  tokenMismatch: {
    status: 400,
    code: 'IdempotenceParamNotMatch',
    message: 'Request uses a client token in a previous request but is not identical to that request.',
    when: 'ClientToken was used for a request with other parameters (newer page only)',
  },
  olderTokenMismatch: {
    status: 403,
    code: 'InvalidParamter.Conflict',
    message: 'The specified same token is trying to make requests with different parameters.',
    when: 'ClientToken was used for a request with other parameters (older page only)',
  },
} as const satisfies Faults;

export const unusedCreateImageFaults: Faults = {
  ...unused('there are no instances, and no disks but those of images', [
    [400, 'IncorrectInstanceStatus', 'The current status of the instance does not support this operation.'],
    [
      400,
      'InstanceLockedForSecurity',
      'The specified operation is denied as your instance is locked for security reasons.',
    ],
    [400, 'InvalidInstance.NotFoundSystemDisk', 'The specified instance does not have system disk.'],
    [400, 'InvalidDiskCategory.CreateImage', 'The specified diskCategory is not allowed to create image.'],
    [
      400,
      'InvalidOperation.DiskCategoryUnsupported',
      'The current category of the disk does not support this operation.',
    ],
    [403, 'IncorrectDiskStatus.NeverAttached', 'The specified disk has never been attached to instance.'],
    [403, 'IncorrectDiskStatus.Invalid', 'Device status is invalid, please restart instance and try again.'],
    [
      403,
      'IncorrectDiskStatus.Transferring',
      'The specified device is transferring, you can retry after the process is finished.',
    ],
    [403, 'IncorrectDiskStatus', 'The current disk status does not support this operation.'],
    [403, 'IncorrectDiskStatus.CreatingSnapshot', 'A previous snapshot creation is in process.'],
    [403, 'InvalidSystemSnapshot.Missing', '%s'],
    [
      403,
      'HibernationConfigured.InstanceOperationForbidden',
      'The operation is not permitted due to limit of the hibernation configured instance.',
    ],
    [
      403,
      'IncorrectInstanceStatus.NeedRestart',
      'The instance needs to be restarted after adding a disk in a shutdown status.',
    ],
    [
      403,
      'TooManySnapshot.Unfinished',
      'There are too many snapshots being created, please wait for them to be created done.',
    ],
    [
      403,
      'QuotaExceed.ConcurrentSnapshotQuota',
      'The number of snapshots being created for the disk %s has exceeded the concurrent quota (%s). Please wait for the previous snapshots to complete before trying again.',
    ],
    [500, 'InternalError', 'The process of creating snapshot has failed due to some unknown error.'],
  ]),
  ...unused('no region has a key management service, so nothing is encrypted', [
    [400, 'OperationDenied', 'Not support creating system image from an encrypted snapshot/disk.'],
    [400, 'InvalidParameter.DiskType', "The specified disk type which has kms key can't convert to system disk."],
    [403, 'InvalidParameter.KMSKeyId.CMKUnauthorized', 'The CMK needs to be added ECS tag.'],
    [403, 'InvalidParameter.KMSKeyId.CMKNotEnabled', 'The CMK needs to be enabled.'],
    [403, 'InvalidParameter.KMSKeyId.KMSUnauthorized', 'ECS service have no right to access your KMS.'],
  ]),
  ...unused('nothing costs anything, and nobody is invited to anything', [
    [400, 'AccountForbidden.CreateOrder', 'Order cannot be created due to abnormal account.'],
    [403, 'InvalidAccountStatus.NotEnoughBalance', 'Your account does not have enough balance.'],
    [403, 'InvalidAccountStatus.SnapshotServiceUnavailable', 'Snapshot service has not been opened yet.'],
    [403, 'UserNotInTheWhiteList', 'The user is not in the white list of create image by data disk snapshot.'],
  ]),
  ...unused('families have no quota', [
    [
      400,
      'ImageQuotaExceed.ImageFamily',
      'The specified image family exceeds the maximum number of images for one image family.',
    ],
    [400, 'ImageFamilyQuotaExceed', 'The number of image families exceeds the limit in the region.'],
  ]),
  ...unused("every snapshot is of one category, lies in a region, and is its own account's", [
    [400, 'OperationDenied', 'Shared snapshots do not support creating images.'],
    [403, 'OperationDenied', 'The specified snapshot is not allowed to create image.'],
    [
      403,
      'InvalidSnapshot.TooOld',
      'This operation is denied because the specified snapshot by DiskDeviceMapping.n.SnapshotId or SnapshotId is created before 2013-07-15.',
    ],
    [403, 'OperationDenied.InvalidSnapshotCategory', '%s'],
    [
      403,
      'InvalidSnapshotCategory.NotSupportImageCreation',
      'The specified snapshot category does not support create image.',
    ],
    [
      403,
      'InvalidOperation.SnapshotStorageLocationUnsupported',
      'Snapshots with storage location in CloudBox do not support the current operation.',
    ],
  ]),
  ...unused('another row says the same', [
    [400, 'InvalidParameter.AllEmpty', '%s'],
    [403, 'QuotaExceed.Tags', '%s'],
    [403, 'SnapshotNotReady', 'The specified snapshot is not ready.'],
  ]),
};
