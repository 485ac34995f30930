import { operation } from '../operation.ts';
import { required } from '../parameters.ts';
import { someTags } from './tag-parameters.ts';
import { changeNamedTags, resourceIds, taggedParameters, taggingFaults, taggingRefusals } from './tagging.ts';

export const tagResources = operation({
  service: 'ecs',
  action: 'TagResources',
  summary: 'Gives tags to images or snapshots, all of them or none.',
  right: 'image.update',
  parameters: { ...taggedParameters, ResourceId: required(resourceIds), Tag: someTags },
  faults: taggingFaults,
  refusals: taggingRefusals,
  async handle({ context, caller, parameters }) {
    await changeNamedTags(context, caller, parameters, parameters.ResourceId, { set: parameters.Tag });
    return {};
  },
});
