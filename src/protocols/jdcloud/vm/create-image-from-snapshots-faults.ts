/** createImageFromSnapshots' error table. None is published: these are rows of createImage's and importImage's. */
import { snapshotFaults } from '../disk/named-snapshot.ts';
import type { Faults } from '../fault.ts';
import { imageFaults } from '../image-faults.ts';
import { tokenFaults } from './client-token.ts';

export const createImageFromSnapshotsFaults = {
  imageQuota: imageFaults.imageQuota,
  snapshotQuota: imageFaults.snapshotQuota,
  snapshotNotFound: snapshotFaults.notFound,
  snapshotStatus: {
    status: 400,
    code: 'FAILED_PRECONDITION',
    message: "Invalid snapshot status '%s'",
    when: 'the image that the snapshot belongs to is still being made, or has failed',
  },
  systemDiskMissing: {
    status: 400,
    code: 'FAILED_PRECONDITION',
    message: 'System disk not found',
    when: 'none of cloudDisks is vda',
  },
  deviceTwice: {
    status: 400,
    code: 'DUPLICATE',
    message: 'Duplicate deviceName',
    when: 'two of cloudDisks have the same deviceName',
  },
  diskTooSmall: {
    status: 400,
    code: 'OUT_OF_RANGE',
    message: "Device '%s' size can only be larger than the original size",
    when: 'diskSizeGB is less than the snapshot needs',
  },
  imageGone: {
    status: 404,
    code: 'NOT_FOUND',
    message: 'Image made with this ClientToken not found',
    when: 'the same request with the same clientToken made an image before, which has been deleted since',
  },
  ...tokenFaults,
} as const satisfies Faults;
