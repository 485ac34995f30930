/** What is left of Glance's first version, for clients that still look: two readings, deprecated by everybody. */
import { listImages } from '../../../app/list-images.ts';
import { type Image, sizeOf } from '../../../domain/image.ts';
import { toSecond } from '../../shared/times.ts';
import { toHexId } from '../ids.ts';
import { containerFormats, diskFormatOf, isProtected, statusOf } from '../ims/image-words.ts';
import { findVisibleImage } from '../ims/named-image.ts';
import { operation } from '../operation.ts';
import { glanceFaults } from './glance-faults.ts';
import { imageId } from './named-image.ts';

/** It had pages, which nobody asks for any more. */
const mostImages = 1000;

export const listImagesV1 = operation({
  service: 'glance',
  method: 'GET',
  route: '/v1.1/images/detail',
  twins: ['/v1/images/detail'],
  name: 'GlanceListImagesDetailV1',
  summary: `Lists images as Glance's first version did, the newest ${mostImages}; deprecated.`,
  right: 'image.read',
  faults: {},
  async handle({ context, caller, scope }) {
    const { images } = await listImages(context, caller, {
      owner: 'any',
      region: scope.region,
      ownProject: scope.projectId,
      sort: 'createdAt',
      descending: true,
      limit: mostImages,
    });
    return { body: { images: images.map((image) => ({ ...view(image), properties: image.properties })) } };
  },
});

export const showImageV1 = operation({
  service: 'glance',
  method: 'HEAD',
  route: '/v1/images/{image_id}',
  twins: ['/v1.1/images/{image_id}'],
  name: 'GlanceShowImageV1',
  summary: "Shows an image in the answer's headers, as Glance's first version did; deprecated.",
  right: 'image.read',
  path: { image_id: imageId },
  faults: { notFound: glanceFaults.notFound },
  async handle({ context, caller, scope, parameters }) {
    const image = await findVisibleImage(context, caller, scope, parameters.image_id);
    const said = Object.entries(view(image)).map(([name, value]) => [`x-image-meta-${name}`, headerText(value)]);
    const texts = Object.entries(image.properties)
      .filter(([name]) => /^[\w.-]+$/.test(name))
      .map(([name, value]) => [`x-image-meta-property-${name}`, headerText(value)]);
    return { headers: Object.fromEntries([...said, ...texts]) };
  },
});

function view(image: Image): Readonly<Record<string, string | number | boolean>> {
  return {
    id: image.id,
    name: image.name,
    status: statusOf[image.state],
    is_public: image.visibility === 'public',
    protected: isProtected(image),
    owner: toHexId(image.projectId),
    size: sizeOf(image),
    disk_format: diskFormatOf(image) ?? '',
    container_format: image.properties.container_format ?? containerFormats[0],
    min_disk: image.attributes.minDiskGiB ?? 0,
    min_ram: image.attributes.minRamMiB ?? 0,
    created_at: toSecond(image.createdAt),
    updated_at: toSecond(image.updatedAt),
    deleted: false,
  };
}

/** UTF-8, as Glance wrote it, each byte as the character that Node sends it for. */
function headerText(value: string | number | boolean): string {
  return Buffer.from(String(value).replaceAll(/\p{Cc}/gu, ' ')).toString('latin1');
}
