import { exportImage as exportToObject } from '../../../app/tasks/export-image.ts';
import type { Image } from '../../../domain/image.ts';
import { isReadable } from '../../../domain/states.ts';
import { GiB } from '../../../lib/gibibytes.ts';
import { FaultError } from '../../shared/faults.ts';
import { flag, required, text } from '../../shared/parameters.ts';
import { commonFaults } from '../common-faults.ts';
import { operation } from '../operation.ts';
import { acceptedJob } from './accepted-job.ts';
import { exportFaults as faults } from './export-faults.ts';
import { findVisibleImage, imageId } from './named-image.ts';
import { objectPlace, objectRefusals } from './object-place.ts';

const mostBytes = 128 * GiB;

/** Open Telekom Cloud's client names one in a quick export as well, whatever the disk's. */
const fileFormat = text({
  rule: "the disk's own, which may be qcow2, vhd, vhdx, vmdk or raw; not read in a quick export",
  fault: faults.formatUnsupported,
});

/** The file is the disk's bytes as they are. */
export const exportImage = operation({
  service: 'ims',
  method: 'POST',
  route: '/v1/cloudimages/{image_id}/file',
  twins: ['/v2.1/cloudimages/{image_id}/file'],
  name: 'ExportImage',
  summary: 'Writes an image to an object in a bucket; the answer is a job.',
  right: 'image.export',
  path: { image_id: imageId },
  body: {
    bucket_url: required(objectPlace, faults.urlMalformed),
    file_format: fileFormat,
    is_quick_export: flag(commonFaults.bodyInvalid),
  },
  faults,
  refusals: {
    ...objectRefusals,
    'object.exists': faults.objectExists,
    'export.size': faults.notExportable,
  },
  async handle({ context, caller, scope, parameters }) {
    const { image_id, bucket_url: place, file_format: format, is_quick_export: isQuick = false } = parameters;
    if (place.object === '') throw new FaultError(faults.objectMissing);
    const image = await findVisibleImage(context, caller, scope, image_id);
    if (image.visibility === 'public') throw new FaultError(faults.publicImage);
    if (image.accountId !== caller.accountId) throw new FaultError(faults.ownerOnly);
    refuseUnexportable(image);
    if (!isQuick && (image.disks[0]?.size ?? 0) > mostBytes) throw new FaultError(faults.tooLarge);
    if (!isQuick && image.disks[0]?.format !== format) throw new FaultError(faults.formatUnsupported);
    const command = { image: image.id, ...place, format: null };
    const { result } = await exportToObject(context, caller, command);
    return acceptedJob(result.id);
  },
});

function refuseUnexportable({ kind, state, disks }: Image): void {
  if (kind === 'whole-machine') throw new FaultError(faults.wholeMachine);
  if (kind === 'iso') throw new FaultError(faults.isIso);
  if (!isReadable(state)) throw new FaultError(faults.imageUnavailable);
  if (disks.length !== 1) throw new FaultError(faults.notExportable);
}
