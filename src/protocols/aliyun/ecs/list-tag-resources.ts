import { listResourceTags } from '../../../app/list-resource-tags.ts';
import { FaultError } from '../../shared/faults.ts';
import { commonFaults } from '../common-faults.ts';
import { operation } from '../operation.ts';
import { text } from '../parameters.ts';
import { isId } from './ids.ts';
import { requireRegion } from './named-image.ts';
import { createNextTokens } from './next-token.ts';
import { tagFilters } from './tag-parameters.ts';
import { resourceIds, taggedParameters, taggingFaults, taggingRefusals } from './tagging.ts';

/** No parameter says how many tags a page has. */
const pageSize = 50;

export const listTagResources = operation({
  service: 'ecs',
  action: 'ListTagResources',
  summary: 'Lists the tags of images or snapshots, by their ids or by tags that they have.',
  right: 'image.read',
  parameters: {
    ...taggedParameters,
    ResourceId: resourceIds,
    Tag: tagFilters({ withoutKey: taggingFaults.tagMismatch }),
    NextToken: text(),
  },
  faults: taggingFaults,
  refusals: taggingRefusals,
  async handle({ context, caller, parameters }) {
    const { RegionId: region, ResourceType: type, ResourceId, Tag, NextToken } = parameters;
    requireRegion(context, region);
    if (ResourceId === undefined && Tag.length === 0) throw new FaultError(commonFaults.missingParameter, 'ResourceId');
    const ids = ResourceId?.filter((id) => isId(type, id));
    const tokens = createNextTokens('text', ['ListTagResources', region, type, ids, Tag]);
    const after = tokens.read(NextToken);
    const page = await listResourceTags(context, caller, { type, region, ids, tags: Tag, after, limit: pageSize });
    return {
      TagResources: {
        TagResource: page.tags.map(({ resourceAliyunId, key, value }) => ({
          ResourceId: resourceAliyunId,
          ResourceType: type,
          TagKey: key,
          TagValue: value,
        })),
      },
      NextToken: tokens.write(page.next),
    };
  },
});
