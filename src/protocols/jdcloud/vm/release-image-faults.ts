/** What releaseImage and unReleaseImage say no with. No table is published: these are the rows of their siblings. */
import type { Faults } from '../fault.ts';
import { imageFaults } from '../image-faults.ts';
import { shareEncrypted } from './share-image-faults.ts';

const { imageNotFound, notUsable, taskConflict, busy } = imageFaults;

export const unReleaseImageFaults = { imageNotFound, notUsable, taskConflict, busy } as const satisfies Faults;
export const releaseImageFaults = { ...unReleaseImageFaults, encrypted: shareEncrypted } as const satisfies Faults;
