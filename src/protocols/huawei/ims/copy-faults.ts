/** The error tables of both copies (reference §2, §9.2). */
import { unused } from '../../shared/faults.ts';
import type { Faults } from '../fault.ts';
import { imageFaults } from '../image-faults.ts';
import { bareMetalFaults, keyFaults, sourceKeyFaults } from './key-faults.ts';

const bothFaults = {
  imageIdMalformed: imageFaults.imageIdMalformed,
  nameMissing: imageFaults.nameMissing,
  nameTooLong: imageFaults.nameTooLong,
  nameMalformed: imageFaults.nameMalformed,
  nameTaken: imageFaults.nameTaken,
  descriptionTooLong: imageFaults.descriptionTooLong,
  descriptionMalformed: imageFaults.descriptionMalformed,
  imageNotFound: imageFaults.imageNotFound,
  notAccepted: {
    status: 400,
    code: 'IMG.0196',
    message: 'The image cannot be replicated because it is not accepted by the recipient.',
    when: 'the image is shared with the account, which has not answered yet',
  },
  ownerOnly: {
    ...imageFaults.ownerOnly,
    when: "the image is another account's and open to everybody",
  },
  imageUnavailable: imageFaults.imageUnavailable,
  isIso: {
    status: 400,
    code: 'IMG.0167',
    message: 'This operation cannot be performed for ISO images.',
    when: 'the image is a CD',
  },
  imageQuota: imageFaults.imageQuota,
  ...unused('another row says the same: 0003 of the name, 0027 and 0047 of the image', [
    [400, 'IMG.0062', 'The image name is incorrect.'],
    [400, 'IMG.0086', 'No image was found.'],
    [400, 'IMG.0106', 'The image owner is another tenant.'],
    [400, 'IMG.0144', 'The image does not exist.'],
  ]),
} as const satisfies Faults;

export const copyFaults = {
  ...bothFaults,
  ...keyFaults,
  ...sourceKeyFaults,
  ...bareMetalFaults,
  sameKey: {
    status: 400,
    code: 'IMG.0096',
    message: 'The specified KMS key ID must be different from the image key ID.',
    when: 'the image is encrypted with the key that cmk_id names',
  },
  sharedEncrypting: {
    status: 400,
    code: 'IMG.0197',
    message: 'Failed to replicate the shared image because it is encrypted using KMS.',
    when: 'the image is shared by another account, and cmk_id is given: such an image is never encrypted, nor is its copy',
  },
  notSupported: {
    ...imageFaults.notSupported,
    when: 'the image is shared by another account, and enterprise_project_id is given and not 0',
  },
  enterpriseProjectInvalid: imageFaults.enterpriseProjectInvalid,
  wholeMachine: {
    status: 400,
    code: 'IMG.0130',
    message: 'The full-ECS image cannot be exported or replicated.',
    when: 'the image is of a whole machine',
  },
  tooLarge: {
    status: 400,
    code: 'IMG.0059',
    message: 'The size of the image file exceeds the maximum allowed.',
    when: "the image's disks measure more than 128 GiB together",
  },
  ...unused('enterprise projects are kept here, and a new image is put into its own along with its row', [
    [400, 'IMG.0154', 'Failed to communicate with Enterprise Project Management Service (EPS).'],
    [400, 'IMG.0156', 'Failed to associate the image with the enterprise project ID.'],
  ]),
} as const satisfies Faults;

export const crossRegionCopyFaults = {
  ...bothFaults,
  regionInvalid: {
    status: 400,
    code: 'IMG.0147',
    message: 'The entered region information is incorrect.',
    when: 'region is missing, or names no region of this installation',
  },
  sameRegion: {
    status: 400,
    code: 'IMG.0142',
    message: 'Replication must be performed across regions.',
    when: 'region is the one that the image lies in',
  },
  projectMissing: {
    status: 400,
    code: 'IMG.0104',
    message: 'Enter the project name if there are multiple projects in the same region.',
    when: 'project_name is missing, and the account has several projects in the destination region',
  },
  projectNotFound: {
    status: 400,
    code: 'IMG.0145',
    message: 'The project name is incorrect.',
    when: 'project_name names no project of the account in the destination region',
  },
  agencyDenied: {
    status: 400,
    code: 'IMG.0151',
    message: 'The agency does not have the needed permissions to perform this operation on the target project.',
    when: 'agency_name is missing, or names no agency that lets the image service act in the project now',
  },
  notSupported: {
    ...imageFaults.notSupported,
    when: 'the image is shared by another account: it can be copied where it lies only',
  },
  tooLarge: {
    status: 400,
    code: 'IMG.0146',
    message: 'The size of the image to be replicated across regions exceeds the upper limit.',
    when: "the image's disks measure more than 128 GiB together; in cn-south-1, cn-east-2, cn-east-3 and cn-north-4, 300 GiB",
  },
  tooMany: {
    status: 400,
    code: 'IMG.0149',
    message: 'The number of image replicated cross regions exceeds the maximum number allowed at a time.',
    when: "five of the account's copies between regions, whichever these are, have not finished",
  },
  vaultNotFound: {
    status: 400,
    code: 'IMG.0184',
    message: 'Failed to obtain the vault.',
    when: 'the image is of a whole machine, and vault_id is missing or no id',
  },
  encrypted: {
    status: 400,
    code: 'IMG.0143',
    message: 'An encrypted image cannot be replicated cross regions.',
    when: 'the image is encrypted',
  },
  ...unused('a whole machine is an image of several disks here, kept as all others are: in no vault, from no backup', [
    [
      400,
      'IMG.0150',
      'The CSBS backup used to create the full-ECS image already exists in the destination region and cannot be used again.',
    ],
    [400, 'IMG.0152', 'The full-ECS image is available only in the specified AZ.'],
    [400, 'IMG.0182', 'Insufficient vault capacity. Please expand the capacity.'],
    [400, 'IMG.0185', 'The number of ECSs associated with the vault has reached the upper limit.'],
    [400, 'IMG.0188', 'Vault is unavailable.'],
    [400, 'IMG.0189', 'The target CBR vault does not support image replication.'],
    [400, 'IMG.0193', 'The vault is not a cloud server backup vault.'],
  ]),
  ...unused('what the agency grants is looked up, without a token; every account has a project in every region', [
    [400, 'IMG.0036', 'An error occurred when the value of asumeToken was obtained.'],
    [400, 'IMG.0108', 'The tenant ID was not found in the current region.'],
    [400, 'IMG.0179', 'The token of the source image agency is invalid.'],
  ]),
} as const satisfies Faults;
