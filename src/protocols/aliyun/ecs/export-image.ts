import { exportImage as exportToObjects } from '../../../app/tasks/export-image.ts';
import { isEncrypted } from '../../../domain/image.ts';
import { FaultError } from '../../shared/faults.ts';
import { oneOf } from '../../shared/parameters.ts';
import { operation } from '../operation.ts';
import { flag, required, text } from '../parameters.ts';
import { exportImageFaults as faults, unusedExportImageFaults } from './export-image-faults.ts';
import { findOwnImage, imageParameters } from './named-image.ts';

const imageFormat = oneOf(['raw', 'vhd', 'qcow2', 'vmdk', 'vdi'], faults.formatMalformed);

/** Every disk becomes an object, as it is: `<prefix>_<image>_system.raw` and so on. */
export const exportImage = operation({
  service: 'ecs',
  action: 'ExportImage',
  summary: "Writes an image's disks to objects in a bucket, in a task.",
  right: 'image.export',
  parameters: {
    ...imageParameters,
    OSSBucket: required(text()),
    OSSPrefix: text({
      rule: '1 to 30 letters and digits, export by default',
      fault: faults.prefixMalformed,
      matches: /^[A-Za-z0-9]{1,30}$/,
    }),
    ImageFormat: imageFormat,
    DryRun: flag(),
  },
  faults: { ...faults, ...unusedExportImageFaults },
  refusals: {
    'request.invalid': ({ rule }) => new FaultError(faults.bucketWrong, `it ${rule}`),
    'region.not-found': faults.regionNotFound,
    'image.exporting': faults.exporting,
    'object-store.missing': faults.noObjectStore,
    'object.bucket-not-found': faults.bucketNotFound,
    'object.denied': faults.bucketDenied,
    'export.format': faults.formatUnsupported,
    'export.size': ({ size, limit }) =>
      new FaultError(faults.diskTooLarge, `A disk has ${size} bytes, and ${limit} is the most that is exported.`),
  },
  async handle({ context, caller, parameters: asked }) {
    const { ImageFormat, OSSBucket: bucket, OSSPrefix: prefix = 'export', DryRun: dryRun } = asked;
    const image = await findOwnImage(context, caller, asked);
    if (isEncrypted(image)) throw new FaultError(faults.encrypted);
    // Disks here have other formats, and not this one.
    if (ImageFormat === 'vdi') throw new FaultError(faults.formatUnsupported);
    const command = { image: image.id, bucket, prefix, format: ImageFormat ?? null };
    const { result } = await exportToObjects(context, caller, command, { dryRun });
    return { TaskId: result.aliyunId, RegionId: result.region };
  },
});
