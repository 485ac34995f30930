import { text } from '../../shared/parameters.ts';
import { commonFaults } from '../common-faults.ts';
import { operation } from '../operation.ts';
import { osPlatforms } from './os-versions-data.ts';

const faults = { tagInvalid: { ...commonFaults.bodyInvalid, when: 'tag is no text that can be kept' } };

/** A bare array, as clients expect it. */
export const listOsVersions = operation({
  service: 'ims',
  method: 'GET',
  route: '/v1/cloudimages/os_version',
  name: 'ListOsVersions',
  summary: 'Lists the operating systems that an image may be said to have.',
  right: 'image.read',
  query: {
    tag: text({
      rule: 'what they run on: x86, arm, uefi, bms, kvm; with commas, or several, all of them',
      fault: faults.tagInvalid,
    }),
  },
  faults,
  async handle({ search }) {
    const tags = new URLSearchParams(search).getAll('tag').flatMap((each) => each.split(','));
    return { body: osPlatforms(tags.map((tag) => tag.trim()).filter(Boolean)) };
  },
});
