import { readRegionQuotas } from '../../../app/quotas.ts';
import { listMembers } from '../../../app/share-image.ts';
import { FaultError } from '../../shared/faults.ts';
import type { Faults } from '../fault.ts';
import { filters, onlyValue } from '../filter-parameters.ts';
import { imageFaults } from '../image-faults.ts';
import { operation } from '../operation.ts';
import { filledText, oneOf, text } from '../parameters.ts';
import { findOwnImage } from './named-image.ts';
import { mostAccounts } from './share-image-accounts.ts';

const { imageNotFound, notUsable } = imageFaults;

const resourceTypes = [
  'instance',
  'instance_cpu',
  'instance_memory',
  'instance_local_disk',
  'keypair',
  'image',
  'instanceTemplate',
  'imageShare',
] as const;
type ResourceType = (typeof resourceTypes)[number];

/** Of whatever does not exist here. */
const none = { limit: 0, used: 0 };

export const describeQuotasFaults = {
  imageIdMissing: {
    status: 400,
    code: 'INVALID_ARGUMENT',
    message: 'Parameter ImageId missing',
    when: 'imageShare is asked for without an image',
  },
  imageNotFound,
  notUsable,
} as const satisfies Faults;

/** The image that imageShare is about comes as a filter or, from clients that are newer, as a parameter. */
export const describeQuotas = operation({
  service: 'vm',
  method: 'GET',
  route: '/quotas',
  name: 'describeQuotas',
  summary:
    'Shows what the account has in the region and may have, of each resource type that is asked for or of all; of imageShare only with an image.',
  right: 'quota.read',
  query: {
    imageId: filledText({ rule: 'an image of the account' }),
    filters: filters({
      resourceTypes: oneOf(resourceTypes),
      imageId: text(),
    }),
  },
  faults: describeQuotasFaults,
  async handle({ context, caller, region, parameters }) {
    const { imageId, filters: asked } = parameters;
    const image = imageId ?? onlyValue(asked.imageId, 'imageId');
    const types = new Set(
      asked.resourceTypes ?? resourceTypes.filter((type) => type !== 'imageShare' || image !== undefined),
    );
    const quotas = new Map<ResourceType, typeof none>();
    if (types.has('imageShare')) {
      if (image === undefined) throw new FaultError(describeQuotasFaults.imageIdMissing);
      await findOwnImage(context, caller, region, image);
      const members = await listMembers(context, caller, image);
      quotas.set('imageShare', { limit: mostAccounts, used: members.length });
    }
    if (types.has('image')) quotas.set('image', (await readRegionQuotas(context, caller, region)).images);
    return { quotas: [...types].map((type) => viewQuota(type, quotas.get(type) ?? none)) };
  },
});

function viewQuota(resourceType: ResourceType, { limit, used }: typeof none) {
  return { resourceType, limit, used };
}
