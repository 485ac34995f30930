/** What convertImage says no with: the whole of its published table (reference §3.3). */
import type { Faults } from '../fault.ts';
import { imageFaults } from '../image-faults.ts';

export const convertImageFaults = {
  ...imageFaults,
  notUsable: {
    ...imageFaults.notUsable,
    when: "the image is another account's, or the key that it is encrypted with cannot be used: it is not enabled, or not granted to the image service",
  },
  taskConflict: {
    ...imageFaults.taskConflict,
    when: 'the image is being imported or exported; the task is named',
  },
  notLocalDisk: {
    status: 400,
    code: 'FAILED_PRECONDITION',
    message: 'Only support localDisk image',
    when: 'the image is one of a cloud disk already',
  },
} as const satisfies Faults;
