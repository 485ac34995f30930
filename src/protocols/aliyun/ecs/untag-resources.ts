import { FaultError } from '../../shared/faults.ts';
import { commonFaults } from '../common-faults.ts';
import { operation } from '../operation.ts';
import { flag, repeated, required } from '../parameters.ts';
import { mostTags, tagFaults, tagKey } from './tag-parameters.ts';
import { changeNamedTags, resourceIds, taggedParameters, taggingFaults, taggingRefusals } from './tagging.ts';

export const untagResources = operation({
  service: 'ecs',
  action: 'UntagResources',
  summary: 'Takes tags away from images or snapshots, from all of them or none.',
  right: 'image.update',
  parameters: {
    ...taggedParameters,
    ResourceId: required(resourceIds),
    TagKey: repeated(tagKey, { most: mostTags, tooMany: tagFaults.tooManyTags }),
    All: flag(),
  },
  faults: taggingFaults,
  refusals: taggingRefusals,
  async handle({ context, caller, parameters }) {
    const { ResourceId, TagKey, All } = parameters;
    if (TagKey.length === 0 && !All) throw new FaultError(commonFaults.missingParameter, 'TagKey');
    // All counts only where no keys are named.
    const remove = TagKey.length > 0 ? TagKey : 'all';
    await changeNamedTags(context, caller, parameters, ResourceId, { remove });
    return {};
  },
});
