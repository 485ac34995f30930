import { listImagesCounted } from '../../../app/list-images.ts';
import { readRegionQuotas } from '../../../app/quotas.ts';
import { maxMembers } from '../../../domain/sharing.ts';
import { operation } from '../operation.ts';

/** What the cloud lets administrators choose from; Mimeo's may go beyond it. */
const range = { min: 1, max: 1000 };

/** Of the region, whichever of its projects asks. */
export const showImageQuota = operation({
  service: 'ims',
  method: 'GET',
  route: '/v1/cloudimages/quota',
  name: 'ShowImageQuota',
  summary: 'Shows how many images the account may have in the region, and with how many others it may share one.',
  right: 'quota.read',
  faults: {},
  async handle({ context, caller, scope: { region } }) {
    const { images } = await readRegionQuotas(context, caller, region);
    const query = { owner: 'self', visibility: 'shared', region, sort: 'createdAt', descending: false } as const;
    const shared = await listImagesCounted(context, caller, query, { offset: 0, limit: 1 });
    const resources = [
      resource('image', images.used, images.limit),
      // Any of them may be shared.
      resource('image_shared', shared.total, images.limit),
      // Of each image, so that there is nothing to count.
      resource('image_member', 0, maxMembers),
    ];
    return { body: { quotas: { resources } } };
  },
});

function resource(type: string, used: number, quota: number) {
  return { type, used, quota, min: range.min, max: Math.max(range.max, quota) };
}
