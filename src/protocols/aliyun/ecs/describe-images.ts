import { type ImageQuery, listImagesCounted } from '../../../app/list-images.ts';
import type { Image } from '../../../domain/image.ts';
import { architectures, type ImageAttributes, osTypes } from '../../../domain/image-attributes.ts';
import type { ImageOwner } from '../../../domain/image-query.ts';
import { isReadable } from '../../../domain/states.ts';
import { FaultError } from '../../shared/faults.ts';
import { oneOf } from '../../shared/parameters.ts';
import { keysOf } from '../../shared/words.ts';
import { commonFaults } from '../common-faults.ts';
import { type OperationRequest, operation } from '../operation.ts';
import { commaList, flag, required, text } from '../parameters.ts';
import { describeImagesFaults as faults } from './describe-images-faults.ts';
import { isId } from './ids.ts';
import { imageFilters } from './image-filters.ts';
import { viewImages } from './image-view.ts';
import { assumed, imageStatuses, statusOf } from './image-words.ts';
import { requireRegion } from './named-image.ts';
import { offsetOf, pageParameters } from './paging-parameters.ts';
import { tagFilters } from './tag-parameters.ts';

const { invalid } = faults;

const parameters = {
  RegionId: required(text()),
  Status: commaList(oneOf([...imageStatuses, 'ALL'], invalid), imageStatuses.length, invalid),
  // Documented as one; several do no harm.
  ImageId: commaList(text(), 100, invalid),
  ImageName: text({ rule: 'the whole name, in which * stands for any characters', fault: invalid }),
  ImageFamily: text(),
  SnapshotId: text(),
  ImageOwnerAlias: oneOf(['system', 'self', 'others', 'marketplace'], faults.ownerAliasUnknown),
  ImageOwnerId: text({ rule: 'a number', fault: invalid, matches: /^\d{1,16}$/ }),
  IsPublic: flag(invalid),
  OSType: oneOf(osTypes, faults.osTypeInvalid),
  Architecture: oneOf(architectures, faults.architectureInvalid),
  Usage: oneOf(['instance', 'none'], faults.usageInvalid),
  Usable: flag(invalid),
  IsSupportIoOptimized: flag(invalid),
  IsSupportCloudinit: flag(invalid),
  // Nothing expires, every instance type starts every image, and any image serves both actions.
  ShowExpired: flag(invalid),
  InstanceType: text({ rule: 'like ecs.g5.large', fault: faults.instanceTypeUnknown, matches: /^ecs(\.[\w-]+){1,3}$/ }),
  ActionType: oneOf(['CreateEcs', 'ChangeOS'], invalid),
  ResourceGroupId: text(),
  Tag: tagFilters({ tooMany: faults.tooManyTags, withoutKey: faults.tagWithoutKey }),
  Filter: imageFilters,
  ...pageParameters(invalid),
  DryRun: flag(invalid),
};

type Asked = OperationRequest<typeof parameters>['parameters'];

/** Clients poll this for their copies: one statement, and one more where an image of the page is being copied. */
export const describeImages = operation({
  service: 'ecs',
  action: 'DescribeImages',
  summary: 'Lists images, newest first; without Status those that are Available.',
  right: 'image.read',
  parameters,
  faults,
  async handle({ context, caller, parameters: asked }) {
    requireRegion(context, asked.RegionId);
    const query = queryOf(asked);
    if (asked.DryRun) throw new FaultError(commonFaults.dryRunPassed);
    const page = { offset: offsetOf(asked), limit: asked.PageSize };
    const none = { images: [] as Image[], total: 0 };
    const { images, total } =
      query === undefined
        ? none
        : await listImagesCounted(context, caller, { ...query, sort: 'createdAt', descending: true }, page);
    return {
      RegionId: asked.RegionId,
      TotalCount: total,
      PageNumber: asked.PageNumber,
      PageSize: asked.PageSize,
      Images: { Image: await viewImages(context, caller, images) },
    };
  },
});

/** In the words of the domain; undefined where what is asked for no image here can be. */
function queryOf(asked: Asked): ImageQuery | undefined {
  const owner = ownersOf(asked);
  const states = statesAsked(asked);
  const { matchesNone, ...times } = asked.Filter;
  const ids = asked.ImageId.filter((id) => isId('image', id));
  const askedForNone = matchesNone || asked.Usage === 'instance' || asked.IsSupportIoOptimized === false;
  if (askedForNone || owner.length === 0 || states.length === 0) return undefined;
  if (asked.ImageId.length > 0 && ids.length === 0) return undefined;
  if (asked.ResourceGroupId !== undefined && !isId('resourceGroup', asked.ResourceGroupId)) return undefined;
  const hasWildcard = asked.ImageName?.includes('*');
  return {
    owner,
    region: asked.RegionId,
    states,
    ids: ids.length === 0 ? undefined : ids,
    name: hasWildcard ? undefined : asked.ImageName,
    namePattern: hasWildcard ? asked.ImageName : undefined,
    snapshot: asked.SnapshotId,
    ownerAccountNumber: asked.ImageOwnerId === undefined ? undefined : Number(asked.ImageOwnerId),
    resourceGroup: asked.ResourceGroupId,
    tags: asked.Tag.length === 0 ? undefined : asked.Tag,
    attributes: attributesAsked(asked),
    assumed,
    ...times,
  };
}

/** Whoever wants what is open to everybody says so. There are neither images of the cloud's own nor a marketplace. */
function ownersOf({ ImageOwnerAlias: alias, IsPublic, ImageOwnerId }: Asked): ImageOwner[] {
  if (IsPublic && alias !== 'others') throw new FaultError(faults.publicOfOthersOnly);
  if (ImageOwnerId !== undefined && alias !== 'others') throw new FaultError(faults.ownerIdUnsupported);
  if (alias === undefined) return ['self', 'others'];
  if (alias === 'others') return [IsPublic ? 'public' : 'others'];
  return alias === 'self' ? ['self'] : [];
}

function statesAsked({ Status, Usable }: Asked) {
  if (Status.includes('ALL') && Status.length > 1) throw new FaultError(invalid);
  if (Status.length === 0 && Usable !== undefined) throw new FaultError(commonFaults.missingParameter, 'Status');
  const wanted = Status.includes('ALL') ? imageStatuses : new Set(Status.length === 0 ? ['Available'] : Status);
  const states = [...wanted].flatMap((status) => keysOf(statusOf, status));
  return states.filter((state) => Usable === undefined || Usable === isReadable(state));
}

function attributesAsked(asked: Asked): ImageAttributes | undefined {
  const { ImageFamily: family, OSType: osType, Architecture: architecture, IsSupportCloudinit: cloudInit } = asked;
  const attributes = { family, osType, architecture, cloudInit };
  return Object.values(attributes).some((value) => value !== undefined) ? attributes : undefined;
}
