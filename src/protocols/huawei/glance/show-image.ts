import { viewImage } from '../ims/image-view.ts';
import { findVisibleImage } from '../ims/named-image.ts';
import { operation } from '../operation.ts';
import { glanceFaults } from './glance-faults.ts';
import { imageId } from './named-image.ts';

/** Clients ask with a name first, and look for it in the list once that is not found. */
export const showImage = operation({
  service: 'glance',
  method: 'GET',
  route: '/v2/images/{image_id}',
  name: 'GlanceShowImage',
  summary: 'Shows an image.',
  right: 'image.read',
  path: { image_id: imageId },
  faults: { notFound: glanceFaults.notFound },
  async handle({ context, caller, scope, parameters }) {
    const image = await findVisibleImage(context, caller, scope, parameters.image_id);
    return { body: await viewImage(context, caller, image) };
  },
});
