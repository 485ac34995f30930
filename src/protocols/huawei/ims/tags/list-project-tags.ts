import { listTags } from '../../../../app/list-tags.ts';
import { operation } from '../../operation.ts';

export const listImagesTags = operation({
  service: 'ims',
  method: 'GET',
  route: '/v2/{project_id}/images/tags',
  name: 'ListImagesTags',
  summary: "Lists the tags of a project's images: each key with all its values.",
  right: 'image.read',
  faults: {},
  async handle({ context, caller, scope: { region, projectId } }) {
    const tags = await listTags(context, caller, { region, ownProject: projectId });
    return { body: { tags: tags.map(({ key, values }) => ({ key, values: values.map(({ value }) => value) })) } };
  },
});
