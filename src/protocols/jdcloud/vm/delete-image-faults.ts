/** What deleteImage says no with: the whole of its published table (reference §3.3). */
import type { Faults } from '../fault.ts';
import { imageFaults } from '../image-faults.ts';

export const deleteImageFaults = {
  imageNotFound: imageFaults.imageNotFound,
  taskConflict: imageFaults.taskConflict,
  busy: imageFaults.busy,
  protected: {
    status: 400,
    code: 'FAILED_PRECONDITION',
    message: "Can't delete protected image",
    when: 'the image was protected, with another API, from being deleted',
  },
  notOwn: {
    status: 400,
    code: 'FAILED_PRECONDITION',
    message: "Can't delete this image",
    when: "the image is another account's",
  },
  community: {
    status: 400,
    code: 'FAILED_PRECONDITION',
    message: "Can't delete community image",
    when: 'everybody may use the image: unReleaseImage first',
  },
  shared: {
    status: 400,
    code: 'FAILED_PRECONDITION',
    message: "Can't delete shared image",
    when: 'the image is shared with accounts: unShareImage first',
  },
  inUse: {
    status: 400,
    code: 'FAILED_PRECONDITION',
    message: 'Local-System-Disk image cannot be deleted if it has been used to create instances',
    never: 'there are no instances',
  },
} as const satisfies Faults;
