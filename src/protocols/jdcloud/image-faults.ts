/** Rows that several operations on images have (reference §2, §3.3). */
import type { Faults } from './fault.ts';

export const imageFaults = {
  imageNotFound: {
    status: 404,
    code: 'NOT_FOUND',
    message: "Image '%s' not found",
    when: 'no image that the caller may see has this id in the region',
  },
  notUsable: {
    status: 400,
    code: 'FAILED_PRECONDITION',
    message: "Can't use this image",
    when: "the image is another account's",
  },
  statusInvalid: {
    status: 400,
    code: 'FAILED_PRECONDITION',
    message: "Invalid image status '%s'",
    when: 'the image is not ready',
  },
  taskConflict: {
    status: 400,
    code: 'FAILED_PRECONDITION',
    message: "Conflict with underlay image task '%s'",
    when: 'the image is being imported, exported, or made by a copy; the task or, of a copy, the image is named',
  },
  busy: {
    status: 400,
    code: 'FAILED_PRECONDITION',
    message: "The image '%s' is busy",
    when: 'the image is being copied or converted',
  },
  imageQuota: {
    status: 429,
    code: 'QUOTA_EXCEEDED',
    message: 'Image quota limit exceeded',
    when: 'the account would have more images in the region than its quota allows',
  },
  snapshotQuota: {
    status: 429,
    code: 'QUOTA_EXCEEDED',
    message: 'Snapshot quota limit exceeded',
    when: 'the account would have more snapshots, or more bytes in them, in the region than its quotas allow',
  },
} as const satisfies Faults;
