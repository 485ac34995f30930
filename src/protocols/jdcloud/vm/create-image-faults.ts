/** What createImage says no with (reference §3.3): there are no instances to make an image of. */
import { unused } from '../../shared/faults.ts';
import type { Faults } from '../fault.ts';

export const createImageFaults = {
  instanceNotFound: {
    status: 404,
    code: 'NOT_FOUND',
    message: "Instance '%s' not found.",
    when: 'whatever is named: there are no instances',
  },
} as const satisfies Faults;

export const unusedCreateImageFaults: Faults = unused('there are no instances, so none is ever found', [
  [400, 'FAILED_PRECONDITION', 'Conflict with underlay task %s'],
  [400, 'FAILED_PRECONDITION', 'Invalid instance status %s'],
  [400, 'FAILED_PRECONDITION', 'Please stop the instance first'],
  [400, 'FAILED_PRECONDITION', 'System disk not found'],
  [400, 'FAILED_PRECONDITION', 'Invalid system disk mount state'],
  [400, 'FAILED_PRECONDITION', "Disk '%s' busy in '%s'"],
  [400, 'FAILED_PRECONDITION', "Invalid Disk '%s' status '%s'"],
  [400, 'DUPLICATE', 'Duplicate deviceName'],
  [400, 'INVALID_ARGUMENT', 'Parameter DataDisks.CloudDiskSpec.DiskType missing'],
  [400, 'OUT_OF_RANGE', 'DataDisks.CloudDiskSpec.DiskSizeGB out of range'],
  [400, 'OUT_OF_RANGE', "Device '%s' size can only be larger than the original size"],
  [400, 'OUT_OF_RANGE', 'DataDisks.CloudDiskSpec.Iops out of range.'],
  [404, 'NOT_FOUND', "Snapshot '%s' not found"],
  [429, 'QUOTA_EXCEEDED', 'Image quota limit exceeded'],
  [429, 'QUOTA_EXCEEDED', 'Snapshot quota limit exceeded'],
]);
