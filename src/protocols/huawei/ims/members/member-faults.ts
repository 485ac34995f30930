/** The error tables of sharing (reference §7.6, §9.2). */
import { unused } from '../../../shared/faults.ts';
import type { RefusalFaults } from '../../../shared/refusals.ts';
import type { Faults } from '../../fault.ts';
import { imageFaults } from '../../image-faults.ts';

const { imageIdMalformed, imageNotFound, ownerOnly, imageUnavailable } = imageFaults;

const projectFaults = {
  projectMalformed: {
    status: 400,
    code: 'IMG.0067',
    message: 'The project ID is incorrect.',
    when: 'the id of a project is none',
  },
} as const satisfies Faults;

const ownerFaults = {
  imageIdMalformed: { ...imageIdMalformed, when: 'the id of an image is no UUID' },
  imageNotFound,
  ownerOnly,
  ...projectFaults,
  projectsMissing: {
    status: 400,
    code: 'IMG.0041',
    message: 'The authorized account is empty.',
    when: 'projects is missing or empty',
  },
  projectNotFound: {
    status: 400,
    code: 'IMG.0108',
    message: 'The tenant ID was not found in the current region.',
    when: "no project in the image's region has this id, or its account is disabled",
  },
} as const satisfies Faults;

export const addMemberFaults = {
  ...ownerFaults,
  publicImage: {
    status: 400,
    code: 'IMG.0089',
    message: 'The public image cannot be shared.',
    when: 'the image is open to everybody',
  },
  ownProject: {
    status: 400,
    code: 'IMG.0076',
    message: 'You cannot share an image with yourself.',
    when: 'the project is one of the account that owns the image',
  },
  tooMany: {
    status: 400,
    code: 'IMG.0088',
    message: 'The number of shared images has reached the maximum allowed.',
    when: 'the image is shared with 128 accounts (256 on Open Telekom Cloud), one of a whole machine with 10',
  },
  ...unused('another row says why', [[400, 'IMG.0112', 'Failed to add the tenant.']]),
  encrypted: {
    status: 400,
    code: 'IMG.0098',
    message: 'The encrypted image cannot be shared or published in Marketplace.',
    otcMessage: 'The encrypted image cannot be shared.',
    when: 'the image is encrypted, or an unfinished copy is making it so',
  },
  ...unused('a whole machine is an image of several disks here, and shared as all others are', [
    [400, 'IMG.0135', 'The full-ECS image cannot be shared.'],
  ]),
} as const satisfies Faults;

export const deleteMemberFaults = {
  ...ownerFaults,
  memberNotFound: {
    status: 400,
    code: 'IMG.0113',
    message: 'Failed to delete the tenant.',
    when: "the image is not shared with the project's account",
  },
  imageUnavailable: { ...imageUnavailable, when: "a copy of the project's account reads the image" },
} as const satisfies Faults;

export const updateMemberFaults = {
  imageIdMalformed: ownerFaults.imageIdMalformed,
  ...projectFaults,
  imageNotFound: {
    ...imageNotFound,
    when: "no image in the request's region that is shared with the account has this id",
  },
  imageUnavailable: { ...imageUnavailable, when: "the image is rejected while a copy of the account's reads it" },
  ...unused('a whole machine is an image of several disks here, kept as all others are: in no vault', [
    [400, 'IMG.0182', 'Insufficient vault capacity. Please expand the capacity.'],
    [400, 'IMG.0184', 'Failed to obtain the vault.'],
    [400, 'IMG.0185', 'The number of ECSs associated with the vault has reached the upper limit.'],
    [400, 'IMG.0188', 'Vault is unavailable.'],
    [400, 'IMG.0193', 'The vault is not a cloud server backup vault.'],
  ]),
} as const satisfies Faults;

export const readMemberFaults = {
  imageIdMalformed,
  imageNotFound,
  memberNotFound: {
    status: 400,
    code: 'IMG.0114',
    message: 'Failed to query the tenant details.',
    when: "the image is not shared with the project's account, or the caller may not know",
  },
} as const satisfies Faults;

export const ownerRefusals = {
  // Disabled, or gone in this moment.
  'account.not-found': ownerFaults.projectNotFound,
  'project.not-found': ownerFaults.projectNotFound,
} satisfies RefusalFaults;
