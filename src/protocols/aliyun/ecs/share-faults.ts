/** ModifyImageSharePermission's error table (2025-04). */
import type { Faults } from '../fault.ts';
import { imageCopying, imageNotFound } from '../refusals.ts';

const noSharedKeys = 'nothing encrypted is shared, whatever its key';
const noCensor = 'no words are forbidden';

export const shareFaults = {
  groupMalformed: {
    status: 400,
    code: 'InvalidGroup.Malformed',
    message: 'The specified Group is wrongly formed.',
    never: 'there are no groups to share with',
  },
  launchPermissionUnnecessary: {
    status: 400,
    code: 'UnnecessaryParameter.LaunchPermission',
    message:
      'The specified parameter "LaunchPermission" is unnecessary if paramter "AddAccounts" or "RemoveAccounts" exist.',
    when: 'LaunchPermission is given with AddAccount or RemoveAccount',
  },
  launchPermissionInvalid: {
    status: 400,
    code: 'InvalidParameter.LaunchPermission',
    message: 'The specified parameter "LaunchPermission" is invalid.',
    when: 'LaunchPermission is not hide',
  },
  launchPermissionForbidden: {
    status: 400,
    code: 'ForbiddenParameter.LaunchPermission',
    message: 'The specified parameter "LaunchPermission" is forbidden for current account.',
    when: 'LaunchPermission is hide: nothing is launched here',
  },
  roleMissing: {
    status: 403,
    code: 'AssumeRoleError',
    message: 'Requires a RAM role of AliyunECSShareEncryptImageDefaultRole before sharing encrypted image.',
    never: noSharedKeys,
  },
  descriptionSensitive: {
    status: 403,
    code: 'ImageDescription.ContainsSensitiveWords',
    message: 'The specified image description contains sensitive words.',
    never: noCensor,
  },
  nameSensitive: {
    status: 403,
    code: 'ImageName.ContainsSensitiveWords',
    message: 'The specified image name contains sensitive words.',
    never: noCensor,
  },
  alreadyPublic: {
    status: 403,
    code: 'Image.Public',
    message: 'The specified image is public image.',
    when: 'IsPublic is true and the image is open to everybody already',
  },
  notPublic: {
    status: 403,
    code: 'Image.NotPublic',
    message: 'The specified image is not public image.',
    when: 'IsPublic is false, no accounts are named, and the image is not open to everybody',
  },
  publicUnsupported: {
    status: 403,
    code: 'CurrentRegion.NotSupportPublicImage',
    message: 'Public image is not supported for current region.',
    never: 'every region has them',
  },
  publicConflict: {
    status: 403,
    code: 'InvalidParameter.IsPublic',
    message: 'The specified parameter IsPublic is conflicted with other parameters.',
    when: 'accounts are named, and IsPublic is true, or false for an image that is open to everybody',
  },
  agreementNotSigned: {
    status: 403,
    code: 'PublicImageAgreement.NotSigned',
    message: 'The current account has not signed "Community Image Terms of Service".',
    never: 'there is nothing to sign',
  },
  fullImage: {
    status: 403,
    code: 'OperationDeined.FullImage',
    message: 'The encrypted image contains multiple snapshots, which do not support share.',
    never: noSharedKeys,
  },
  sharedImageQuota: {
    status: 403,
    code: 'QuotaExceed.ShareImage',
    message: 'The shared Image Quota exceeds.',
    never: 'an account shares as many images as it has',
  },
  accountQuota: {
    status: 403,
    code: 'QuotaExceed.ShareImageUser',
    message: 'The shared Image user Quota exceeds.',
    when: 'the image would be shared with more than 50 accounts',
  },
  otherSite: {
    status: 403,
    code: 'InvalidImageId.BidMismatch',
    message: 'Cannot share the image with users %s of other sites.',
    older: 'Cannot share image with other bid user.',
    never: 'an installation is one site',
  },
  encryptedSnapshot: {
    status: 403,
    code: 'OperationDeined.EncryptedSnapshot',
    message: 'The image contains encrypted snapshots, which do not support share.',
    when: 'the image is encrypted, or a copy is making it so, and accounts are to be added or it is to be opened to everybody',
  },
  imageDeprecated: {
    status: 403,
    code: 'OperationDenied.InvalidImageStatus',
    message: 'The specified image cannot be shared when it is deprecated.',
    when: 'the image is Deprecated, and accounts are to be added or it is to be opened to everybody',
  },
  keyUntaggable: {
    status: 403,
    code: 'InvalidParameter.KMSKeyId.CMKUnauthorized',
    message: 'The CMK(Customer Master Key) lacks authorization to add tags to the ECS service.',
    never: noSharedKeys,
  },
  keyNotEnabled: {
    status: 403,
    code: 'InvalidParameter.KMSKeyId.CMKNotEnabled',
    message: 'The CMK (Customer Master Key) must be in an active state.',
    never: noSharedKeys,
  },
  serviceKey: {
    status: 403,
    code: 'InvalidOperation.ServiceKeyEncryptedImageUnsupported',
    message:
      'The specified service key encrypted image is not supported for this operation. Please switch to a CMK (Customer Master Key) encrypted image and retry.',
    never: noSharedKeys,
  },
  imageNotFound,
  imageCopying,
  accountNotFound: {
    status: 404,
    code: 'InvalidAccount.NotFound',
    message: 'The specified account %s in parameter "AddAccount.n" or "RemoveAccount.n" does not exist.',
    older: 'The specified parameter "AddAccount.n" or "RemoveAccount.n" does not exist.',
    when: 'no account of this installation has the number, or it is disabled',
  },
  ownAccount: {
    status: 404,
    code: 'InvalidAccount.Forbbiden',
    message: 'The specified Account does not yourself.',
    when: "AddAccount has the caller's own account",
  },
} as const satisfies Faults;
