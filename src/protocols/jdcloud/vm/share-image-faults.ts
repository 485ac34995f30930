/** What shareImage says no with: the whole of its published table (reference §3.3). */
import type { Faults } from '../fault.ts';
import { imageFaults } from '../image-faults.ts';
import { accountFaults } from './share-image-accounts.ts';

export const shareImageFaults = {
  ...accountFaults,
  taskConflict: imageFaults.taskConflict,
  community: {
    status: 400,
    code: 'FAILED_PRECONDITION',
    message: "Community image can't be shared",
    when: 'everybody may use the image already',
  },
  shareQuota: {
    status: 429,
    code: 'QUOTA_EXCEEDED',
    message: 'Image share quota limit exceeded',
    when: 'the image would be shared with more than 20 accounts',
  },
  encrypted: {
    status: 400,
    code: 'FAILED_PRECONDITION',
    message: "Share encrypted snapshot '%s' is not support.",
    never: 'no region has a key management service, so nothing is encrypted',
  },
} as const satisfies Faults;
