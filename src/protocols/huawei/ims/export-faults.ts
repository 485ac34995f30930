/** ExportImage's error table (reference §7.2, §9.2). */
import { unused } from '../../shared/faults.ts';
import type { Faults } from '../fault.ts';
import { imageFaults } from '../image-faults.ts';
import { objectFaults } from './object-place.ts';

const { exporting, imageIdMalformed, imageNotFound, imageUnavailable, ownerOnly } = imageFaults;

export const exportFaults = {
  imageIdMalformed,
  imageNotFound,
  ownerOnly: { ...ownerOnly, when: 'the image is shared by another account' },
  publicImage: {
    status: 400,
    code: 'IMG.0077',
    message: 'The public image cannot be exported.',
    when: 'the image is open to everybody, be it the own one',
  },
  imageUnavailable,
  exporting,
  wholeMachine: {
    status: 400,
    code: 'IMG.0128',
    message: 'The full-ECS image cannot be exported.',
    when: 'the image is of a whole machine',
  },
  isIso: {
    status: 400,
    code: 'IMG.0167',
    message: 'This operation cannot be performed for ISO images.',
    when: 'the image is a CD',
  },
  notExportable: {
    status: 400,
    code: 'IMG.0071',
    message: 'The image cannot be exported.',
    when: 'the image has several disks, which are no one file; or its disk has more than 625 GiB, in a quick export',
  },
  tooLarge: {
    status: 400,
    code: 'IMG.0160',
    message: 'Only images less than 128 GB can be exported.',
    when: 'the disk has more than 128 GiB, and no quick export is asked for',
  },
  formatUnsupported: {
    status: 400,
    code: 'IMG.0072',
    message: 'The specified image format is not supported.',
    when: "no quick export is asked for, and file_format is missing or another one than the disk's own: disks are never converted",
  },
  ...objectFaults,
  objectMissing: {
    status: 400,
    code: 'IMG.0073',
    message: 'The name of the exported file is empty.',
    when: 'nothing stands after the colon',
  },
  objectExists: {
    status: 400,
    code: 'IMG.0070',
    message:
      'The image file already exists. Confirm the file in the corresponding directory of the OBS bucket or in the OBS bucket.',
    when: 'the bucket has an object of the name',
  },
  ...unused("what is in an image, and where it comes from, is its account's affair", [
    [400, 'IMG.0078', 'The Marketplace image or private image created from a Marketplace image cannot be exported.'],
    [400, 'IMG.0079', 'The system disk image created from a charged image cannot be exported.'],
    [400, 'IMG.0080', 'The image created from a CSBS or CBR backup cannot be exported.'],
    [400, 'IMG.0081', 'The image cannot be exported because it is created from an image file.'],
  ]),
  ...unused('another row says the same: 0128', [
    [400, 'IMG.0130', 'The full-ECS image cannot be exported or replicated.'],
  ]),
} as const satisfies Faults;
