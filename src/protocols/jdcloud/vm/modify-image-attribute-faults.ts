/** What modifyImageAttribute says no with: the whole of its published table (reference §3.3). */
import type { Faults } from '../fault.ts';
import { imageFaults } from '../image-faults.ts';

export const modifyImageAttributeFaults = {
  imageNotFound: imageFaults.imageNotFound,
  notUsable: imageFaults.notUsable,
  nothingGiven: {
    status: 400,
    code: 'INVALID_ARGUMENT',
    message: 'Parameter name、description missing',
    when: 'neither name nor description is given',
  },
  taskConflict: {
    status: imageFaults.taskConflict.status,
    code: imageFaults.taskConflict.code,
    message: imageFaults.taskConflict.message,
    never: 'nothing that goes on with an image minds what it is called',
  },
} as const satisfies Faults;
