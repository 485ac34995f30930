/** What copyImages says no with: the whole of its published table (reference §2). */
import { commonFaults } from '../common-faults.ts';
import type { Faults } from '../fault.ts';
import { imageFaults } from '../image-faults.ts';

export const copyImagesFaults = {
  ...imageFaults,
  notUsable: {
    ...imageFaults.notUsable,
    when: "the image is another account's, and was not shared with the caller's; on the older page also where it was",
  },
  taskConflict: {
    ...imageFaults.taskConflict,
    when: 'the image is being imported or exported; the task is named',
  },
  regionInvalid: {
    ...commonFaults.regionInvalid,
    when: 'one of the two regions is none of this installation; on the older page also when they are the same',
  },
  notCloudDisk: {
    status: 400,
    code: 'FAILED_PRECONDITION',
    message: 'Only support cloudDisk image',
    when: 'the image is one of a local disk: convertImage makes one of it that can be copied',
  },
  encrypted: {
    status: 400,
    code: 'FAILED_PRECONDITION',
    message: "Copy encrypted snapshot '%s' is not support.",
    when: 'a disk of the image is encrypted',
  },
} as const satisfies Faults;
