import { cancelCopy } from '../../../app/cancel-copy.ts';
import { findCopiesInto } from '../../../app/find-copy.ts';
import type { CopyState } from '../../../domain/states.ts';
import { FaultError } from '../../shared/faults.ts';
import type { Fault, Faults } from '../fault.ts';
import { operation } from '../operation.ts';
import { imageNotFound } from '../refusals.ts';
import { findNamedImage, imageParameters } from './named-image.ts';

export const cancelCopyFaults = {
  notFromCopy: {
    status: 400,
    code: 'ImageCreatedNotFromCopy',
    message: 'The specified image is not the target image of a copy action.',
    when: 'the image was not made by CopyImage, or not for the caller',
  },
  copied: {
    status: 400,
    code: 'IncorrectImageStatus',
    message: 'The image copy has completed.',
    older: 'The image has completed copy.',
    when: 'the copy has succeeded',
  },
  failed: {
    status: 400,
    code: 'IncorrectImageStatus',
    message: 'The Image copy has been failed.',
    when: 'the copy has failed',
  },
  imageNotFound,
  copiedInOtherWords: {
    status: 400,
    code: 'IncorrectImageStatus',
    message: 'The image is copied finished.',
    never: 'of the older page, which has two wordings for it and says the other one',
  },
  snapshotNotCopied: {
    status: 400,
    code: 'IncorrectImageStatus',
    message: 'The specified snapshot is not coping.',
    never: 'snapshots are copied with their image and cancelled with it',
  },
  imageNotCopied: {
    status: 400,
    code: 'IncorrectImageStatus',
    message: 'The specified image is not coping.',
    never: 'a copy that is neither done nor failed can be cancelled',
  },
  notSupported: {
    status: 400,
    code: 'CancelNotSupported',
    message: 'The specified image coping can not be cancelled.',
    never: 'every copy can be cancelled until it is done',
  },
  descriptionMalformed: {
    status: 400,
    code: 'InvalidDescription.Malformed',
    message: 'The specified description is wrongly formed.',
    never: 'the action has no description',
  },
} as const satisfies Faults;

const faults = cancelCopyFaults;

/** Somebody else who cancelled it meanwhile has removed the image. */
const ends: ReadonlyMap<CopyState, Fault> = new Map<CopyState, Fault>([
  ['succeeded', faults.copied],
  ['failed', faults.failed],
  ['cancelled', faults.imageNotFound],
]);

/** RegionId and ImageId are the copy's: what it was to become. Its image is gone when this has answered. */
export const cancelCopyImage = operation({
  service: 'ecs',
  action: 'CancelCopyImage',
  summary: 'Cancels a copy that is not done yet, and removes the image that it was making.',
  right: 'copy.cancel',
  parameters: imageParameters,
  faults,
  refusals: {
    'copy.finished': ({ state }) => new FaultError(ends.get(state) ?? faults.copied),
    'copy.not-found': faults.notFromCopy,
  },
  async handle({ context, caller, parameters }) {
    const image = await findNamedImage(context, caller, parameters);
    const copy = (await findCopiesInto(context, caller, [image.id])).get(image.id);
    if (copy === undefined) throw new FaultError(faults.notFromCopy);
    await cancelCopy(context, caller, copy.id);
    return {};
  },
});
