/** What shareImage says no with: the whole of its published table (reference §3.3). */
import type { Fault, Faults } from '../fault.ts';
import { imageFaults } from '../image-faults.ts';
import { accountFaults } from './share-image-accounts.ts';

/** Also of releaseImage, which shares with everybody. */
export const shareEncrypted: Fault = {
  status: 400,
  code: 'FAILED_PRECONDITION',
  message: "Share encrypted snapshot '%s' is not support.",
  when: "a disk of the image is encrypted: no other account could use the image's key",
};

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
  encrypted: shareEncrypted,
} as const satisfies Faults;
