/** exportImage's error table (reference §3.3). Published are the rows of the image and of the bucket's region. */
import type { Faults } from '../fault.ts';
import { imageFaults } from '../image-faults.ts';
import { tokenFaults } from './client-token.ts';
import { objectFaults } from './object-url.ts';

const { imageNotFound, notUsable, statusInvalid, taskConflict } = imageFaults;
const { regionMismatch, noObjectStore, bucketNotFound, objectDenied } = objectFaults;

export const exportImageFaults = {
  imageNotFound,
  notUsable,
  statusInvalid,
  typeInvalid: {
    status: 400,
    code: 'FAILED_PRECONDITION',
    message: "Invalid image type '%s'",
    when: 'the image is a local-disk one (convertImage makes a cloud-disk one of it), a CD, or has no system disk',
  },
  windows: {
    status: 400,
    code: 'FAILED_PRECONDITION',
    message: "Windows image can't export",
    when: 'the image is of Windows, and was not imported',
  },
  taskConflict: { ...taskConflict, when: 'an export of the image has not ended yet; it is named' },
  regionMismatch,
  noObjectStore,
  bucketNotFound,
  objectDenied,
  diskTooLarge: {
    status: 400,
    code: 'OUT_OF_RANGE',
    message: 'Size of the disk out of range',
    when: 'a disk has more than 625 GiB, 10,000 parts of 64 MiB',
  },
  ...tokenFaults,
} as const satisfies Faults;
