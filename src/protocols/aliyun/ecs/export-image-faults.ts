/** ExportImage's error table (reference §5.4). */
import { unused } from '../../shared/faults.ts';
import type { Faults } from '../fault.ts';
import { imageNotFound, imageStatus } from '../refusals.ts';

export const exportImageFaults = {
  prefixMalformed: {
    status: 400,
    code: 'InvalidOSSPrefix.Malformed',
    message: 'The specified OSSPrefix format is wrongly formed.',
    when: 'OSSPrefix breaks its rule',
  },
  regionNotFound: {
    status: 400,
    code: 'InvalidRegionId.NotFound',
    message: 'The specified RegionId does not exist.',
    when: 'RegionId names no region of this installation',
  },
  noObjectStore: {
    status: 400,
    code: 'InvalidRegion.NotSupport',
    message: 'The specified region does not support image import or export.',
    when: 'the installation is not told of an object store',
  },
  imageStatus,
  encrypted: {
    status: 400,
    code: 'ImageNotSupported',
    message: 'The specified Image contains encrypted snapshots, do not support export.',
    when: 'the image is encrypted',
  },
  formatMalformed: {
    status: 400,
    code: 'InvalidImageFormat.Malformed',
    message: 'The specified Image Format is wrongly formed.',
    when: 'ImageFormat is none of its words',
  },
  formatUnsupported: {
    status: 400,
    code: 'InvalidImageFormat.RegionNotSupported',
    message: 'The specified image format is not supported in current region.',
    when: 'ImageFormat is another than that of the disks, which are written as they are',
  },
  bucketNotFound: {
    status: 400,
    code: 'InvalidOSSBucket.NotFound',
    message: 'The specified OSS bucket does not exist in this region.',
    when: 'the object store has no such bucket',
  },
  bucketWrong: {
    status: 400,
    code: 'InvalidOSSBucket.NotMatched',
    message: 'The specified OSS bucket is incorrect, %s.',
    when: 'OSSBucket has not 3 to 63 lower-case letters, digits, dots and hyphens',
  },
  diskTooLarge: {
    status: 400,
    code: 'InvalidImage.DiskAmountOrSize',
    message: '%s',
    when: 'a disk has more than 625 GiB, 10,000 parts of 64 MiB',
  },
  exporting: {
    status: 403,
    code: 'ImageIsExporting',
    message:
      'The specified Image is being exported. You can use the DescribeTasks API to check the status of existing tasks.',
    older: 'The specified Image is exporting.',
    when: 'an export of the image has not ended yet',
  },
  bucketDenied: {
    status: 403,
    code: 'InvalidOSS.NotAuthorized',
    message: 'The specified OSS bucket or object is not allowed to access.',
    when: "the object store does not let the installation's key have the bucket",
  },
  imageNotFound,
} as const satisfies Faults;

export const unusedExportImageFaults: Faults = {
  ...unused('whether the object store encrypts by itself is not asked', [
    [403, 'InvalidOSSBucket.EncryptUnsupported', 'Accessing objects from encrypted OSS bucket is not supported.'],
  ]),
  ...unused('all images are custom images', [
    [400, 'ImageNotSupported', 'Image from image market does not support exporting.'],
    [403, 'ImageNotSupported', 'The specified image from the image market, do not support export image.'],
    [403, 'InvalidImageLicense.NotSupported', '%s'],
    [403, 'InvalidImageCategory.NotSupported', 'The specified image category is not supported.'],
  ]),
  ...unused('data disks are exported as well', [
    [
      400,
      'OperationDenied',
      'The specified image contains the snapshot of the data disk,does not support this operation.',
    ],
    [400, 'InvalidImage.DiskAmountOrSize', 'The diskSize of the image exceeds the maximum size.'],
  ]),
  ...unused('exports have no quota, and nobody is invited to anything', [
    [403, 'ConcurrentQuotaExceed.ExportImage', '%s'],
    [403, 'WeeklyQuotaExceed.ExportImage', '%s'],
    [403, 'UserNotInTheWhiteList', 'The user is not in the white list of exporting image.'],
  ]),
  ...unused('it fails later, which DescribeTaskAttribute tells', [
    [403, 'ExportImageFailed', 'Exporting image is failed, Please contact the administrator.'],
  ]),
  ...unused('no parameter asks for it', [
    [400, 'InvalidImageName.Malformed', 'The specified Image name is wrongly formed.'],
    [400, 'InvalidOSSObject.NeedRestore', 'The specified OSS object is a archive object, need restore first.'],
  ]),
  ...unused('another row says the same', [
    [
      403,
      'NoSetRoletoECSServiceAcount',
      'ECS service account Have no right to access your OSS.please attach a role of access your oss to ECS service account.',
    ],
    [404, 'InvalidImageId.NotFound', 'The specified image %s does not exist.'],
  ]),
};
