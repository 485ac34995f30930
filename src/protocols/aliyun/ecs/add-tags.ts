import { operation } from '../operation.ts';
import { required, text } from '../parameters.ts';
import { someTags } from './tag-parameters.ts';
import { changeNamedTags, taggedParameters, taggingFaults, taggingRefusals } from './tagging.ts';

/** What TagResources was before; Packer still asks for it. */
export const addTags = operation({
  service: 'ecs',
  action: 'AddTags',
  summary: 'Gives tags to an image or a snapshot.',
  right: 'image.update',
  parameters: { ...taggedParameters, ResourceId: required(text()), Tag: someTags },
  faults: taggingFaults,
  refusals: taggingRefusals,
  async handle({ context, caller, parameters }) {
    await changeNamedTags(context, caller, parameters, [parameters.ResourceId], { set: parameters.Tag });
    return {};
  },
});
