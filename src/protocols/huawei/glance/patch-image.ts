import { updateImage } from '../../../app/update-image.ts';
import type { Parameter } from '../../shared/parameters.ts';
import { imageFaults } from '../image-faults.ts';
import { viewImage } from '../ims/image-view.ts';
import { operation } from '../operation.ts';
import { glanceFaults } from './glance-faults.ts';
import { applyPatch, readPatch } from './json-patch.ts';
import { findOwnImage, imageId } from './named-image.ts';

const { absent, conflict, forbidden, invalid, notFound, notQueued, notRemovable, overLimit, present, readOnly } =
  glanceFaults;
const { enterpriseProjectInvalid } = imageFaults;
const { unsupportedMediaType } = glanceFaults;

export const patchImageFaults = {
  invalid,
  enterpriseProjectInvalid,
  forbidden,
  readOnly,
  notRemovable,
  notQueued,
  notFound,
  absent,
  present,
  conflict,
  overLimit,
  unsupportedMediaType,
};

/** What is in it depends on the media type, which the handler knows. */
const changes: Parameter<unknown> = {
  type: 'Array',
  isRequired: true,
  rule: "changes in one of the two media types of Glance's JSON patch",
  faults: [invalid, unsupportedMediaType],
  read: (value) => value,
};

/** All of the changes, or none. */
export const patchImage = operation({
  service: 'glance',
  method: 'PATCH',
  route: '/v2/images/{image_id}',
  name: 'GlanceUpdateImage',
  summary: "Changes an image's attributes.",
  right: 'image.update',
  path: { image_id: imageId },
  payload: changes,
  faults: patchImageFaults,
  refusals: { 'resource-group.not-found': enterpriseProjectInvalid },
  async handle({ context, caller, scope, parameters, payload, headers }) {
    const patch = readPatch(headers.get('content-type'), payload);
    const image = await findOwnImage(context, caller, scope, parameters.image_id);
    const { update: asked, isConditional } = applyPatch(image, patch);
    const { visibility, ...others } = asked;
    // `openstack image set --shared` comes before an image has members, and takes no more than sharing it does.
    const update = visibility === 'public' || image.visibility === 'public' ? asked : others;
    const ifRevision = isConditional ? image.revision : undefined;
    const updated = await updateImage(context, caller, image.id, update, { ifRevision });
    return { body: await viewImage(context, caller, updated) };
  },
});
