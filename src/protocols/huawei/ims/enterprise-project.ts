/** Enterprise projects are resource groups; an image that is in no group is in the default one, which is called `0`. */
import type { Image } from '../../../domain/image.ts';

export const noEnterpriseProject = '0';

export function enterpriseProjectOf({ resourceGroupId }: Pick<Image, 'resourceGroupId'>): string {
  return resourceGroupId ?? noEnterpriseProject;
}
