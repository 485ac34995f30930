import { listMembers } from '../../../app/share-image.ts';
import { imageFaults } from '../image-faults.ts';
import { operation } from '../operation.ts';
import { findOwnImage, imageId, namingImages } from './named-image.ts';

const { imageNotFound, notUsable } = imageFaults;

export const describeImageMembersFaults = { imageNotFound, notUsable };

export const describeImageMembers = operation({
  service: 'vm',
  method: 'GET',
  route: '/images/{imageId}/members',
  name: 'describeImageMembers',
  summary:
    'Lists the accounts that an own image is shared with, by their names, in both of the lists that clients read.',
  right: 'share.read',
  path: { imageId },
  faults: describeImageMembersFaults,
  async handle({ context, caller, region, parameters }) {
    const image = await findOwnImage(context, caller, region, parameters.imageId);
    const members = await namingImages([image], () => listMembers(context, caller, image.id));
    const names = members.map(({ accountName }) => accountName);
    return { pins: names, loginNames: names };
  },
});
