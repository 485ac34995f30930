import { type ImageQuery, listImagesCounted } from '../../../app/list-images.ts';
import { architectures, type ImageAttributes } from '../../../domain/image-attributes.ts';
import type { ImageOwner } from '../../../domain/image-query.ts';
import { FaultError } from '../../shared/faults.ts';
import type { Read } from '../../shared/parameters.ts';
import { keyOf, keysOf } from '../../shared/words.ts';
import type { Faults } from '../fault.ts';
import {
  assumed,
  bootingBy,
  bootModes,
  imageSources,
  imageStatuses,
  launchPermissions,
  otherPlatforms,
  rootDeviceTypes,
  statusOf,
} from '../image-words.ts';
import { ids, offsetOf, pageNumber, pageSize, pagingFaults } from '../list-parameters.ts';
import { operation } from '../operation.ts';
import { filledText, flag, oneOf } from '../parameters.ts';
import { viewImages } from './image-view.ts';
import { isImageId } from './named-image.ts';

export const describeImagesFaults = {
  imageSourceMissing: {
    status: 400,
    code: 'FAILED_PRECONDITION',
    message: 'Parameter ImageSource missing',
    when: 'neither imageSource nor ids says which images are meant',
  },
  ...pagingFaults,
} as const satisfies Faults;

const query = {
  ids,
  imageSource: oneOf(imageSources),
  // Of the cloud's own images and a marketplace's: there are none.
  offline: flag(),
  platform: filledText({ rule: 'the whole of it' }),
  imageName: filledText({ rule: 'a part of the name, in any case' }),
  rootDeviceType: oneOf(Object.values(rootDeviceTypes)),
  launchPermission: {
    ...oneOf(Object.values(launchPermissions)),
    rule: `one of ${Object.values(launchPermissions).join(', ')}; without meaning for shared and community`,
  },
  status: oneOf([...imageStatuses, 'deleting']),
  architecture: oneOf(architectures),
  bootMode: oneOf(bootModes),
  // There are no instances.
  instanceIds: ids,
  pageNumber,
  pageSize,
};

type Asked = Read<typeof query>;

/** Clients poll this for their copies. */
export const describeImages = operation({
  service: 'vm',
  method: 'GET',
  route: '/images',
  name: 'describeImages',
  summary: 'Lists images of a region, newest first; of those asked for by their ids the ones that the caller may see.',
  right: 'image.read',
  query,
  faults: describeImagesFaults,
  async handle({ context, caller, region, parameters: asked }) {
    const wanted = queryOf(region, asked);
    if (wanted === undefined) return { images: [], totalCount: 0 };
    const order = { sort: 'createdAt', descending: true } as const;
    const page = { offset: offsetOf(asked), limit: asked.pageSize };
    const { images, total } = await listImagesCounted(context, caller, { ...wanted, ...order }, page);
    return { images: await viewImages(context, caller, images), totalCount: total };
  },
});

/** In the words of the domain; undefined where what is asked for no image here can be. */
function queryOf(region: string, asked: Asked): ImageQuery | undefined {
  const { imageSource, status, rootDeviceType, bootMode, platform } = asked;
  const named = asked.ids?.length ? asked.ids : undefined;
  if (named === undefined && imageSource === undefined) throw new FaultError(describeImagesFaults.imageSourceMissing);
  // Images that are named may be anybody's, as long as the caller sees them.
  const owner: readonly ImageOwner[] = imageSource === undefined ? ['any'] : ownersOf[imageSource];
  const ids = named?.filter(isImageId);
  if (owner.length === 0 || ids?.length === 0 || asked.instanceIds?.length) return undefined;
  return {
    owner,
    region,
    ids,
    namePart: asked.imageName,
    states: status && keysOf(statusOf, status),
    rootDevice: keyOf(rootDeviceTypes, rootDeviceType),
    visibility: visibilityOf(asked),
    traits: bootMode && [bootingBy(bootMode)],
    ...traitsOf(platform, asked.architecture),
  };
}

/** Public images are the community's, the caller's own among them. The cloud and a marketplace have none here. */
const ownersOf = {
  private: ['self'],
  // Public ones among them are answered as `community`.
  shared: ['others'],
  community: ['self', 'public'],
  public: [],
  thirdparty: [],
} as const satisfies Readonly<Record<(typeof imageSources)[number], readonly ImageOwner[]>>;

function visibilityOf({ imageSource, launchPermission }: Asked) {
  if (imageSource === 'community') return 'public';
  return imageSource === 'shared' ? undefined : keyOf(launchPermissions, launchPermission);
}

/** An image without a platform counts as one of its system's: Other Linux or Other Windows. */
function traitsOf(platform: string | undefined, architecture: Asked['architecture']) {
  const osType = keyOf(otherPlatforms, platform);
  const attributes: ImageAttributes = { platform, architecture, ...(osType && { osType }) };
  return { attributes, assumed: { ...assumed, ...(osType && { platform }) } };
}
