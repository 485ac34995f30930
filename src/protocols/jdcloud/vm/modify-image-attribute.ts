import { updateImage } from '../../../app/update-image.ts';
import { FaultError } from '../../shared/faults.ts';
import { operation } from '../operation.ts';
import { imageDescription, imageName } from './image-texts.ts';
import { modifyImageAttributeFaults as faults } from './modify-image-attribute-faults.ts';
import { findOwnImage, imageId, namingImages } from './named-image.ts';

/** Allowed while the image is copied, too: a copy has its name and description from when it was accepted. */
export const modifyImageAttribute = operation({
  service: 'vm',
  method: 'POST',
  route: '/images/{imageId}:modifyImageAttribute',
  name: 'modifyImageAttribute',
  summary: "Changes an image's name, its description, or both.",
  right: 'image.update',
  path: { imageId },
  body: { name: imageName, description: imageDescription },
  faults,
  async handle({ context, caller, region, parameters: { imageId: id, name, description } }) {
    if (name === undefined && description === undefined) throw new FaultError(faults.nothingGiven);
    const image = await findOwnImage(context, caller, region, id);
    const update = { name, description };
    await namingImages([image], () => updateImage(context, caller, image.id, update, { whileCopied: true }));
  },
});
