import { operation } from '../operation.ts';
import { required, text } from '../parameters.ts';
import { someTags } from './tag-parameters.ts';
import { changeNamedTags, taggedParameters, taggingFaults, taggingRefusals } from './tagging.ts';

/** What UntagResources was before. A tag goes by its key, whatever value the request says that it has. */
export const removeTags = operation({
  service: 'ecs',
  action: 'RemoveTags',
  summary: 'Takes tags away from an image or a snapshot.',
  right: 'image.update',
  parameters: { ...taggedParameters, ResourceId: required(text()), Tag: someTags },
  faults: taggingFaults,
  refusals: taggingRefusals,
  async handle({ context, caller, parameters }) {
    const remove = Object.keys(parameters.Tag);
    await changeNamedTags(context, caller, parameters, [parameters.ResourceId], { remove });
    return {};
  },
});
