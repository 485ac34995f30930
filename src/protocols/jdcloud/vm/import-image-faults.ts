/** importImage's error table (reference §3.3). Published are its first two rows. */
import type { Faults } from '../fault.ts';
import { imageFaults } from '../image-faults.ts';
import { tokenFaults } from './client-token.ts';
import { objectFaults } from './object-url.ts';

const { imageQuota, snapshotQuota } = imageFaults;
const { regionMismatch, noObjectStore, bucketNotFound, objectDenied } = objectFaults;

export const importImageFaults = {
  regionMismatch,
  sizeStep: {
    status: 400,
    code: 'OUT_OF_RANGE',
    message: 'SystemDiskSizeGB must be multiple of 10',
    when: 'systemDiskSizeGB is in its range and no multiple of 10',
  },
  noObjectStore,
  bucketNotFound,
  objectNotFound: {
    status: 404,
    code: 'NOT_FOUND',
    message: "Object '%s' not found",
    when: 'the bucket has no such object',
  },
  objectDenied,
  objectSize: {
    status: 400,
    code: 'OUT_OF_RANGE',
    message: "Size of object '%s' out of range",
    when: 'an object is empty, has more than 5 TiB, or is raw and larger than its disk is to be',
  },
  imageQuota,
  snapshotQuota,
  ...tokenFaults,
} as const satisfies Faults;
