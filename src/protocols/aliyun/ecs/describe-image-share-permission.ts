import { listMembers } from '../../../app/share-image.ts';
import { toSecond } from '../../shared/times.ts';
import { operation } from '../operation.ts';
import { imageNotFound } from '../refusals.ts';
import { findNamedImage, imageParameters } from './named-image.ts';
import { pageOf, pageParameters } from './paging-parameters.ts';

/** Packer's clean-up takes the image away from everybody who is listed here. */
export const describeImageSharePermission = operation({
  service: 'ecs',
  action: 'DescribeImageSharePermission',
  summary: 'Lists the accounts that an image is shared with.',
  right: 'share.read',
  parameters: { ...imageParameters, ...pageParameters() },
  faults: { imageNotFound },
  async handle({ context, caller, parameters }) {
    const { RegionId, ImageId, PageNumber, PageSize } = parameters;
    const { id } = await findNamedImage(context, caller, parameters);
    const members = await listMembers(context, caller, id);
    return {
      RegionId,
      ImageId,
      TotalCount: members.length,
      PageNumber,
      PageSize,
      Accounts: {
        Account: pageOf(members, parameters).map(({ accountNumber, createdAt }) => ({
          AliyunId: String(accountNumber),
          SharedTime: toSecond(createdAt),
        })),
      },
      ShareGroups: { ShareGroup: [] },
    };
  },
});
