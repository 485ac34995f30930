/** DescribeImages' error table (reference §4.3). */
import type { Faults } from '../fault.ts';

export const describeImagesFaults = {
  invalid: {
    status: 400,
    code: 'InvalidParamter',
    message: 'Invalid Parameter.',
    when: 'Status or ActionType is none of its words or ALL stands beside others, a flag is neither true nor false, a page is out of its bounds, ImageOwnerId is no number, or there are too many ids or filters',
  },
  ownerAliasUnknown: {
    status: 400,
    code: 'InvalidImageOwnerAlias.ValueNotSupported',
    message: 'The specified ImageOwnerAlias value is not supported.',
    when: 'ImageOwnerAlias is none of its words',
  },
  publicOfOthersOnly: {
    status: 400,
    code: 'InvalidImageOwnerAlias.PublicImageUnsupported',
    message:
      'When querying images, the parameter ImageOwnerAlias should be others while specified parameter IsPublic is true.',
    when: 'IsPublic is true, and ImageOwnerAlias is not others',
  },
  ownerIdUnsupported: {
    status: 400,
    code: 'InvalidOperation.ImageOwnerIdUnsupported',
    message:
      'The parameter "ImageOwnerId" is not supported in this context, it is only valid when querying shared images or community images.',
    when: 'ImageOwnerId is given, and ImageOwnerAlias is not others',
  },
  tagWithoutKey: {
    status: 400,
    code: 'InvalidTag.Mismatch',
    message: 'The specified Tag.n.Key and Tag.n.Value are not match.',
    when: 'a tag has a value and no key',
  },
  tooManyTags: {
    status: 400,
    code: 'InvalidTagCount',
    message: 'The specified tags are beyond the permitted range.',
    when: 'there are more than 20 tags',
  },
  instanceTypeUnknown: {
    status: 400,
    code: 'InvalidInstanceType.ValueNotSupported',
    message:
      'The specified instance type %s does not exist. You can use the DescribeInstanceTypes API to query the available instance types.',
    when: 'InstanceType is not of the form ecs.g5.large',
  },
  networkTypeUnknown: {
    status: 400,
    code: 'InvalidFilterValue.NetworkType',
    message: 'The specified networkType value in the Filter is invalid.',
    when: 'the value of the filter NetworkType is neither vpc nor classic',
  },
  filterKeyUnknown: {
    status: 404,
    code: 'InvalidFilterKey.NotFound',
    message: 'The specified Filter Key is not found.',
    when: 'a filter has no key, or an unknown one',
  },
  filterValueInvalid: {
    status: 404,
    code: 'InvalidFilterValue',
    message: 'The specified Filter Value is not valid.',
    when: "a filter's value is missing, no time where its key asks for one, or neither supported nor unsupported where it asks for that",
  },
  usageInvalid: {
    status: 404,
    code: 'InvalidUsage',
    message: 'The specified Usage is not valid.',
    when: 'Usage is neither instance nor none',
  },
  osTypeInvalid: {
    status: 404,
    code: 'InvalidOSType',
    message: 'The specified OSType is not valid.',
    when: 'OSType is neither windows nor linux',
  },
  architectureInvalid: {
    status: 404,
    code: 'InvalidArchitecture',
    message: 'The specified Architecture is not valid.',
    when: 'Architecture is none of its words',
  },
  publicUnsupported: {
    status: 403,
    code: 'CurrentAccount.NotSupportPublicImage',
    message: 'Public image is not supported for current account.',
    never: 'every account may look at what is open to everybody',
  },
} as const satisfies Faults;
