import { exportImage as exportToObjects } from '../../../app/tasks/export-image.ts';
import { FaultError, type Faults, unused } from '../fault.ts';
import { operation } from '../operation.ts';
import { flag, oneOf, required, text } from '../parameters.ts';
import { imageNotFound, imageStatus } from '../refusals.ts';
import { findOwnImage, imageParameters } from './named-image.ts';

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
    when: 'a disk has more than 5 TiB, which is more than an object can',
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

const unusedFaults: Faults = {
  ...unused('no region has a key management service, so nothing is encrypted', [
    [400, 'ImageNotSupported', 'The specified Image contains encrypted snapshots, do not support export.'],
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

const imageFormat = oneOf(['raw', 'vhd', 'qcow2', 'vmdk', 'vdi'], exportImageFaults.formatMalformed);

/** Every disk becomes an object, as it is: `<prefix>_<image>_system.raw` and so on. */
export const exportImage = operation({
  service: 'ecs',
  action: 'ExportImage',
  summary: "Writes an image's disks to objects in a bucket, in a task.",
  parameters: {
    ...imageParameters,
    OSSBucket: required(text()),
    OSSPrefix: text({
      rule: '1 to 30 letters and digits, export by default',
      fault: exportImageFaults.prefixMalformed,
      matches: /^[A-Za-z0-9]{1,30}$/,
    }),
    ImageFormat: imageFormat,
    DryRun: flag(),
  },
  faults: { ...exportImageFaults, ...unusedFaults },
  refusals: {
    'request.invalid': ({ rule }) => new FaultError(exportImageFaults.bucketWrong, `it ${rule}`),
    'region.not-found': exportImageFaults.regionNotFound,
    'image.exporting': exportImageFaults.exporting,
    'object-store.missing': exportImageFaults.noObjectStore,
    'object.bucket-not-found': exportImageFaults.bucketNotFound,
    'object.denied': exportImageFaults.bucketDenied,
    'export.format': exportImageFaults.formatUnsupported,
    'export.size': ({ size, limit }) =>
      new FaultError(
        exportImageFaults.diskTooLarge,
        `A disk has ${size} bytes, and ${limit} is the most that is exported.`,
      ),
  },
  async handle({ context, caller, parameters: asked }) {
    const { ImageFormat, OSSBucket: bucket, OSSPrefix: prefix = 'export', DryRun: dryRun } = asked;
    const image = await findOwnImage(context, caller, asked);
    // Disks here have other formats, and not this one.
    if (ImageFormat === 'vdi') throw new FaultError(exportImageFaults.formatUnsupported);
    const command = { image: image.id, bucket, prefix, format: ImageFormat ?? null };
    const { result } = await exportToObjects(context, caller, command, { dryRun });
    return { TaskId: result.aliyunId, RegionId: result.region };
  },
});
