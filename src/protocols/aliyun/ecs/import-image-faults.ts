/** ImportImage's error table (2025-05). */
import { unused } from '../../shared/faults.ts';
import type { Faults } from '../fault.ts';
import { newImageFaults } from './new-image-faults.ts';

export const importImageFaults = {
  ...newImageFaults,
  descriptionMalformed: {
    status: 400,
    code: 'InvalidDescription.Malformed',
    message: 'The specified Image description is wrongly formed.',
    when: 'Description breaks its rule',
  },
  bootModeMalformed: {
    status: 400,
    code: 'InvalidBootMode.Malformed',
    message: 'The specified parameter "BootMode" is malformed.',
    when: 'BootMode is none of its words',
  },
  nameTaken: {
    status: 400,
    code: 'InvalidImageName.Duplicated',
    message: 'The destination image is exist.',
    when: 'the account has an image of this name in the region; Packer takes it for its own',
  },
  osTypeMalformed: {
    status: 400,
    code: 'InvalidOSType.Malformed',
    message: 'The specified OSType is wrongly formed.',
    when: 'OSType is neither windows nor linux',
  },
  licenseUnsupported: {
    status: 400,
    code: 'InvalidLicenseType.NotSupported',
    message: 'The specified LicenseType is not supported.',
    when: 'LicenseType is none of its words',
  },
  mappingMissing: {
    status: 403,
    code: 'MissingParameter.DiskDeviceMapping',
    message: 'The specified parameter DiskDeviceMapping is not supplied.',
    when: 'there is no DiskDeviceMapping',
  },
  deviceMalformed: {
    status: 403,
    code: 'InvalidParameter.Malformed',
    message: 'The specified parameter "DiskDeviceMapping.n.Device " is not valid.',
    when: 'a Device is none of /dev/xvda to /dev/xvdz, two are the same, none is left for the system disk, or there are more than 17 mappings',
  },
  formatMalformed: {
    status: 400,
    code: 'InvalidImageFormat.Malformed',
    message: 'The specified Image Format is wrongly formed.',
    when: 'a Format is none of its words',
  },
  systemDiskSize: {
    status: 400,
    code: 'InvalidImageSize',
    message: '%s',
    when: "the system disk's DiskImageSize is no number from 1 to 2048, or its object is larger than that, or than 5 TiB",
  },
  dataDiskSize: {
    status: 400,
    code: 'InvalidDataDiskSize',
    message: 'The specified DiskDeviceMapping.N.DiskImSize should be in the specified range.',
    when: "a data disk's DiskImageSize is no number from 1 to 2048, or its object is larger than that, or than 5 TiB",
  },
  objectEmpty: {
    status: 400,
    code: 'InvalidOSSObject.Size',
    message: 'The specified OSS object size is zero.',
    when: 'an object has no bytes',
  },
  objectMalformed: {
    status: 400,
    code: 'InvalidOSSObject.Malformed',
    message: 'The specified OSS object is wrongly formed.',
    when: 'an OSSObject has more than 1024 bytes, control characters, or . or .. between its slashes',
  },
  bucketMalformed: {
    status: 400,
    code: 'InvalidOSSBucket.Malformed',
    message: 'The specified OSS bucket is wrongly formed.',
    when: 'an OSSBucket has not 3 to 63 lower-case letters, digits, dots and hyphens',
  },
  bucketNotFound: {
    status: 400,
    code: 'InvalidOSSBucket.NotFound',
    message: 'The specified OSS bucket does not exist in this region.',
    when: 'the object store has no such bucket',
  },
  objectNotFound: {
    status: 400,
    code: 'InvalidOSSObject.NotFound',
    message: 'The specified OSS object does not exist in this region.',
    when: 'the bucket has no such object',
  },
  noObjectStore: {
    status: 400,
    code: 'InvalidRegion.NotSupport',
    message: 'The specified region does not support image import or export.',
    when: 'the installation is not told of an object store',
  },
  regionNotFound: {
    status: 400,
    code: 'InvalidRegionId.NotFound',
    message: 'The specified RegionId does not exist.',
    when: 'RegionId names no region of this installation',
  },
  objectDenied: {
    status: 403,
    code: 'NoSetRoletoECSServiceAcount',
    message:
      'ECS service account Have no right to access your OSS.please attach a role of access your oss to ECS service account.',
    when: "the object store does not let the installation's key read the object",
  },
} as const satisfies Faults;

export const unusedImportImageFaults: Faults = {
  ...unused('every request makes an image of its own', [
    [403, 'ImageIsImporting', 'The specified Image is importing.'],
  ]),
  ...unused('it fails later, which DescribeTaskAttribute tells', [
    [403, 'ImportImageFailed', 'Importing image is failed, Please contact the administrator.'],
    [403, 'InvalidImageFormat.Malformed', '%s'],
    [403, 'InvalidBlockSize.NotSupport', '%s'],
    [
      403,
      'InvalidVHDImage.IncorrectSize',
      "The specified size of the VHD image does not meet the 'header.MaxTableEntries * header.BlockSize' specification.",
    ],
  ]),
  ...unused('the object store is one, for every region, and has neither classes nor keys of its own', [
    [400, 'InvalidOSSObject.NotFound', 'The specified OSS object cannot be retrieved.'],
    [400, 'InvalidOSSObject.NeedRestore', 'The specified OSS object is a archive object, need restore first.'],
    [400, 'InvalidOSSBucket.NotMatched', 'The specified OSS bucket is incorrect, %s.'],
    [400, 'InvalidOSSBucket.FlowLimit', '%s'],
    [403, 'InvalidOSS.NotAuthorized', 'The specified OSS bucket or object is not allowed to access.'],
    [403, 'InvalidOSSBucket.EncryptUnsupported', 'Accessing objects from encrypted OSS bucket is not supported.'],
    [403, 'InvalidAccountStatus.OSSDisabled', 'OSS is disabled due to invalid account status.'],
  ]),
  ...unused('every region takes every format, for every platform and license', [
    [400, 'InvalidImageFormat.RegionNotSupported', 'The specified image format is not supported in current region.'],
    [400, 'InvalidLicenseType.BYOLOnly', 'Only BYOL LicenseType is supported for the current platform provided.'],
    [
      403,
      'InvalidArchitecture.PlatformUnsupported',
      'The OS platform you selected does not support the specified architecture.',
    ],
  ]),
  ...unused('what is in an image is not looked into', [
    [400, 'InvalidParameter.DetectionStrategy', 'The specified parameter DetectionStrategy is invalid.'],
    [403, 'ImageCheckUnsupported.WindowsImage', 'Image check is unsupported for windows image.'],
  ]),
  ...unused('there are no cloud boxes', [
    [403, 'InvalidStorageLocation.NotFound', 'The specified cloud box storage location %s could not be found.'],
    [
      403,
      'InvalidOperation.CloudBoxImageImportRoleRequired',
      'The role for cloud box image import is not set to the ECS service.',
    ],
    [403, 'InvalidOperation.CloudBoxImageImportUnsupported', 'Importing cloud box images is not supported.'],
  ]),
  ...unused('nothing costs anything, and nobody is invited to anything', [
    [400, 'Account.Arrearage', 'Your account has an outstanding payment.'],
    [403, 'UserNotInTheWhiteList', 'The user is not in the white list of importing image.'],
  ]),
  ...unused('another row says the same', [
    [400, 'DRYRUN.SUCCESS', 'This request is a dryrun request with successful result.'],
    [400, 'InvalidClientToken.Malformed', 'The specified parameter clientToken is not valid.'],
    [403, 'TagKey.Duplication', 'The TagKey has duplication with others, case-insensitive.'],
  ]),
};
