/** What the actions on tags have in common: which things they name, and their error table, which is one page for all of them. */
import { type ChangeTagsCommand, changeTags } from '../../../app/change-tags.ts';
import type { Caller } from '../../../app/context.ts';
import type { TaggedType } from '../../../domain/image-rules.ts';
import { FaultError } from '../../shared/faults.ts';
import { oneOf, type Parameter, type Read } from '../../shared/parameters.ts';
import type { RefusalFaults } from '../../shared/refusals.ts';
import type { Fault, Faults } from '../fault.ts';
import type { AliyunContext } from '../operation.ts';
import { repeated, required, text } from '../parameters.ts';
import { isId } from './ids.ts';
import { requireRegion } from './named-image.ts';
import { tagFaults } from './tag-parameters.ts';

const told = 'a missing parameter is told as MissingParameter';
const ownTags = "an account's tags are its own";
const noScope = 'Scope is no parameter here';

export const taggingFaults = {
  ...tagFaults,
  tooManyResources: {
    status: 400,
    code: 'NumberExceed.ResourceIds',
    message: "The ResourceIds parameter's number is exceed , Valid : 50",
    when: 'the request names more than 50 things',
  },
  tagMismatch: {
    status: 400,
    code: 'InvalidTag.Mismatch',
    message: 'The specified Tag.n.Key and Tag.n.Value are not match.',
    when: 'a tag that is listed by has a value and no key',
  },
  tagCount: {
    status: 400,
    code: 'InvalidTagCount',
    message: 'The specified tags are beyond the permitted range.',
    never: 'NumberExceed.Tags says the same',
  },
  tagQuota: {
    status: 403,
    code: 'OperationDenied.QuotaExceed',
    message: 'The quota of tags on resource is beyond permitted range.',
    when: 'a thing would have more than 20 tags',
  },
  otherTagQuota: {
    status: 403,
    code: 'QuotaExceed.Tags',
    message: '%s',
    never: 'OperationDenied.QuotaExceed says the same',
  },
  resourceNotFound: {
    status: 404,
    code: 'InvalidResourceId.NotFound',
    message: 'The specified ResourceIds are not found in our records.',
    when: 'a ResourceId is that of no image, or snapshot, of the account in the region',
  },
  resourceTypeNotFound: {
    status: 404,
    code: 'InvalidResourceType.NotFound',
    message: 'The ResourceType provided does not exist in our records.',
    when: 'ResourceType is neither image nor snapshot',
  },
  resourceUnsupported: {
    status: 403,
    code: 'InvalidResourceId.NotSupported',
    message: 'The specified ResourceId does not support tagging.',
    never: 'every image and every snapshot has tags',
  },
  ownerMissing: {
    status: 404,
    code: 'MissingParameter.TagOwnerUid',
    message: 'The parameter - TagOwnerUid should not be null',
    never: ownTags,
  },
  ownerSiteMissing: {
    status: 404,
    code: 'MissingParameter.TagOwnerBid',
    message: 'The parameter - TagOwnerBid should not be null',
    never: ownTags,
  },
  resourceTypeMissing: {
    status: 404,
    code: 'MissingParameter.ResourceType',
    message: 'The parameter - ResourceType should not be null',
    never: told,
  },
  tagsMissing: {
    status: 404,
    code: 'MissingParameter.Tags',
    message: 'The parameter - Tags should not be null',
    never: told,
  },
  regionMissing: {
    status: 404,
    code: 'MissingParameter.RegionId',
    message: 'The parameter - RegionId should not be null',
    never: told,
  },
  ownerDenied: {
    status: 403,
    code: 'PermissionDenied.TagOwnerUid',
    message: 'The specified operator not have permission to set TagOwnerUid value.',
    never: ownTags,
  },
  scopeDenied: {
    status: 403,
    code: 'PermissionDenied.Scope',
    message: 'The specified operator not have permission to set Scope value.',
    never: noScope,
  },
  scopeInvalid: { status: 400, code: 'Invalid.Scope', message: 'The specified scope is invalid.', never: noScope },
  tagDenied: {
    status: 403,
    code: 'NoPermission.Tag',
    message: 'The operator is not permission for the tag.',
    never: 'who may change a thing may change its tags',
  },
} as const satisfies Faults;

export const taggingRefusals: RefusalFaults<Fault> = {
  'image.not-found': taggingFaults.resourceNotFound,
  'snapshot.not-found': taggingFaults.resourceNotFound,
  'tag.limit': taggingFaults.tagQuota,
};

const types: readonly TaggedType[] = ['image', 'snapshot'];

/** Whose tags, first part: where they lie and what they are. */
export const taggedParameters = {
  RegionId: required(text()),
  ResourceType: required(oneOf(types, taggingFaults.resourceTypeNotFound)),
};

const listedIds = repeated(text(), { most: 50, tooMany: taggingFaults.tooManyResources });

/** Second part: up to 50 ids; undefined without any. */
export const resourceIds: Parameter<string[] | undefined> = {
  ...listedIds,
  read(values, name) {
    const ids = listedIds.read(values, name);
    return ids.length === 0 ? undefined : ids;
  },
};

/** Changes the tags of all the things, or of none. */
export async function changeNamedTags(
  context: AliyunContext,
  caller: Caller,
  { RegionId, ResourceType }: Read<typeof taggedParameters>,
  ids: readonly string[],
  change: Pick<ChangeTagsCommand, 'set' | 'remove'>,
): Promise<void> {
  requireRegion(context, RegionId);
  if (!ids.every((id) => isId(ResourceType, id))) throw new FaultError(taggingFaults.resourceNotFound);
  await changeTags(context, caller, { type: ResourceType, ids: [...new Set(ids)], region: RegionId, ...change });
}
