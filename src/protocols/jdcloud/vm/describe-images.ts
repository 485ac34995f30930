import { type ImageQuery, listImagesCounted } from '../../../app/list-images.ts';
import { architectures, type ImageAttributes } from '../../../domain/image-attributes.ts';
import type { ImageOwner } from '../../../domain/image-query.ts';
import { FaultError } from '../../shared/faults.ts';
import { flag, oneOf, type Read, text } from '../../shared/parameters.ts';
import { commonFaults } from '../common-faults.ts';
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
  statesOf,
  wordFor,
} from '../image-words.ts';
import { operation } from '../operation.ts';
import { ids, offsetOf, pageNumber, pageSize, pagingFaults } from '../text-parameters.ts';
import { viewImages } from './image-view.ts';
import { isImageId } from './named-image.ts';

const { parameterInvalid: invalid } = commonFaults;

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
  imageSource: oneOf(imageSources, invalid),
  // No image is, and it says nothing about those that are named.
  offline: flag(invalid),
  platform: text({ rule: 'the whole of it', fault: invalid }),
  imageName: text({ rule: 'a part of the name, in any case', fault: invalid }),
  rootDeviceType: oneOf(Object.values(rootDeviceTypes), invalid),
  launchPermission: {
    ...oneOf(Object.values(launchPermissions), invalid),
    rule: `one of ${Object.values(launchPermissions).join(', ')}; without meaning for shared and community`,
  },
  status: oneOf([...imageStatuses, 'deleting'], invalid),
  architecture: oneOf(architectures, invalid),
  bootMode: oneOf(bootModes, invalid),
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
  const { imageSource, status, rootDeviceType, bootMode, offline, platform } = asked;
  const named = asked.ids?.length ? asked.ids : undefined;
  if (named === undefined && imageSource === undefined) throw new FaultError(describeImagesFaults.imageSourceMissing);
  // Whoever names images may mean any that he sees.
  const owner: readonly ImageOwner[] = imageSource === undefined ? ['any'] : ownersOf[imageSource];
  const ids = named?.filter(isImageId);
  const isOffline = offline && named === undefined;
  if (owner.length === 0 || ids?.length === 0 || isOffline || asked.instanceIds?.length) return undefined;
  return {
    owner,
    region,
    ids,
    namePart: asked.imageName || undefined,
    states: status && statesOf(status),
    rootDevice: rootDeviceType && wordFor(rootDeviceTypes, rootDeviceType),
    visibility: visibilityOf(asked),
    traits: bootMode && [bootingBy(bootMode)],
    ...traitsOf(platform || undefined, asked.architecture),
  };
}

/** Everybody's are the community's, one's own among them; the cloud has none, and there is no marketplace. */
const ownersOf = {
  private: ['self'],
  // Those that are everybody's, too, are told to be the community's.
  shared: ['others'],
  community: ['self', 'public'],
  public: [],
  thirdparty: [],
} as const satisfies Readonly<Record<(typeof imageSources)[number], readonly ImageOwner[]>>;

function visibilityOf({ imageSource, launchPermission }: Asked) {
  if (imageSource === 'community') return 'public';
  return imageSource === 'shared' || !launchPermission ? undefined : wordFor(launchPermissions, launchPermission);
}

/** Images of which nobody has said the platform have the one that their system is told by. */
function traitsOf(platform: string | undefined, architecture: Asked['architecture']) {
  const osType = platform && wordFor(otherPlatforms, platform);
  const attributes: ImageAttributes = { platform, architecture, ...(osType && { osType }) };
  return { attributes, assumed: { ...assumed, ...(osType && { platform }) } };
}
