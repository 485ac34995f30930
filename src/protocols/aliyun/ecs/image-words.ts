/** The domain's words for images, and Alibaba Cloud's. */
import type { bootModes as domainBootModes, ImageAttributes } from '../../../domain/image-attributes.ts';
import type { ImageState } from '../../../domain/states.ts';

type BootMode = (typeof domainBootModes)[number];

export const imageStatuses = ['Creating', 'Waiting', 'Available', 'UnAvailable', 'CreateFailed', 'Deprecated'] as const;
export type ImageStatus = (typeof imageStatuses)[number];

/** What cannot be used because it failed is CreateFailed; UnAvailable never occurs. */
export const statusOf: Readonly<Record<ImageState, ImageStatus>> = {
  queued: 'Waiting',
  uploading: 'Creating',
  copying: 'Creating',
  available: 'Available',
  deprecated: 'Deprecated',
  failed: 'CreateFailed',
};

export const bootModes = {
  bios: 'BIOS',
  uefi: 'UEFI',
  'uefi-preferred': 'UEFI-Preferred',
} as const satisfies Readonly<Record<BootMode, string>>;

export const licenseTypes = ['Auto', 'Aliyun', 'BYOL'] as const;

export const supportWords = ['supported', 'unsupported'] as const;

export function isSupported(word: (typeof supportWords)[number] | undefined): boolean | undefined {
  return word === undefined ? undefined : word === 'supported';
}

/** What an image is taken for of which nobody has said otherwise: answers always have these, and lists are filtered by them. */
export const assumed = {
  osType: 'linux',
  architecture: 'x86_64',
  cloudInit: false,
} as const satisfies ImageAttributes;
