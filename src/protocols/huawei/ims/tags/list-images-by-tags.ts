import { listImagesCounted } from '../../../../app/list-images.ts';
import type { Image } from '../../../../domain/image.ts';
import { oneOf, required, whole } from '../../../shared/parameters.ts';
import { commonFaults } from '../../common-faults.ts';
import { operation } from '../../operation.ts';
import { statusOf } from '../image-words.ts';
import { tagFilterFaults as faults, tagFilters, tagQueryOf } from './tag-filter-parameters.ts';
import { tagsOf } from './tag-view.ts';

const { bodyInvalid } = commonFaults;

export const listImageByTags = operation({
  service: 'ims',
  method: 'POST',
  route: '/v2/{project_id}/images/resource_instances/action',
  name: 'ListImageByTags',
  summary: "Lists or counts a project's images by their tags, newest first.",
  right: 'image.read',
  body: {
    action: required(oneOf(['filter', 'count'], bodyInvalid), bodyInvalid),
    ...tagFilters,
    limit: whole({ least: 1, most: 1000, fault: bodyInvalid }),
    offset: whole({ least: 0, most: 1_000_000_000, fault: bodyInvalid }),
  },
  faults,
  async handle({ context, caller, scope: { region, projectId }, parameters }) {
    const { action, limit = 10, offset = 0 } = parameters;
    const query = tagQueryOf(parameters);
    const asked = {
      ...query,
      owner: query === undefined ? ([] as const) : 'self',
      region,
      ownProject: projectId,
      sort: 'createdAt',
      descending: true,
    } as const;
    const page = action === 'count' ? { limit: 0, offset: 0 } : { limit, offset };
    const { images, total } = await listImagesCounted(context, caller, asked, page);
    return {
      body: { ...(action === 'filter' && { resources: images.map(viewResource) }), total_count: total },
    };
  },
});

function viewResource(image: Image) {
  return {
    resource_id: image.id,
    resource_name: image.name,
    resource_detail: { status: statusOf[image.state] },
    tags: tagsOf(image),
  };
}
