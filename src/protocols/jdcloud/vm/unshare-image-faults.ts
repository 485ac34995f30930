/** What unShareImage says no with: the whole of its published table (reference §3.3). */
import type { Faults } from '../fault.ts';
import { imageFaults } from '../image-faults.ts';
import { accountFaults } from './share-image-accounts.ts';

export const unShareImageFaults = {
  ...accountFaults,
  taskConflict: {
    ...imageFaults.taskConflict,
    when: 'the image is being imported, exported, or made by a copy, or one of the accounts copies it; the task or, of a copy, the image is named',
  },
} as const satisfies Faults;
