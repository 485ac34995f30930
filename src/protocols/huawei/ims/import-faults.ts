/** The error tables of whatever makes an image of an object (reference §7.1, §7.2, §9.2). */
import { unused } from '../../shared/faults.ts';
import type { Faults } from '../fault.ts';
import { imageFaults } from '../image-faults.ts';
import { bareMetalFaults, keyFaults } from './key-faults.ts';
import { objectFaults } from './object-place.ts';

const { descriptionMalformed, descriptionTooLong, enterpriseProjectInvalid, imageQuota } = imageFaults;
const { nameMalformed, nameMissing, nameTaken, nameTooLong, objectNotFound, sizeInvalid, tagInvalid, tagQuota } =
  imageFaults;

/** Of every new image, wherever its bytes come from. */
export const newImageFaults = {
  nameMissing,
  nameTooLong,
  nameMalformed,
  nameTaken,
  descriptionTooLong,
  descriptionMalformed,
  sizeInvalid: { ...sizeInvalid, when: 'min_disk is missing, or it, min_ram or max_ram is no number in its range' },
  tagInvalid: { ...tagInvalid, when: `${tagInvalid.when}, or comes twice` },
  tagQuota,
  enterpriseProjectInvalid,
  ...unused('enterprise projects are kept here, and a new image is put into its own along with its row', [
    [400, 'IMG.0154', 'Failed to communicate with Enterprise Project Management Service (EPS).'],
    [400, 'IMG.0156', 'Failed to associate the image with the enterprise project ID.'],
  ]),
} as const satisfies Faults;

/** Of one that says what is to be in it. */
export const osFaults = {
  ...bareMetalFaults,
  osTypeInvalid: {
    status: 400,
    code: 'IMG.0056',
    message: 'The OS type is invalid.',
    when: 'os_type is neither Linux nor Windows, nor Other of an image with a system',
  },
  osVersionInvalid: {
    status: 400,
    code: 'IMG.0122',
    message: 'The OS type is invalid.',
    when: 'os_version has other than 1 to 128 characters, a control character, or a space at either end',
  },
  firmwareInvalid: {
    status: 400,
    code: 'IMG.0141',
    message: 'The value of hw_firmware_type is not uefi or bios.',
    when: 'hw_firmware_type is neither bios nor uefi',
  },
  architectureInvalid: {
    status: 400,
    code: 'IMG.0212',
    message: 'The value of architecture is not x86 or arm.',
    otcMessage: 'The value of Architecture must be x86 or Arm.',
    when: 'architecture is neither x86 nor arm',
  },
  imageTypeInvalid: {
    status: 400,
    code: 'IMG.0024',
    message: 'The image type in the request is incorrect.',
    when: "type is none of its words, or one of bare metal and the object's name ends in .iso",
  },
} as const satisfies Faults;

/** Of bytes that an object has. */
export const importFaults = {
  ...newImageFaults,
  ...objectFaults,
  ...keyFaults,
  imageQuota,
  objectNotFound,
  objectTooLarge: {
    status: 400,
    code: 'IMG.0059',
    message: 'The size of the image file exceeds the maximum allowed.',
    when: 'the object has more than 128 GiB; in a quick import, more than 1 TiB or than min_disk says',
  },
  formatUnsupported: {
    status: 400,
    code: 'IMG.0072',
    message: 'The specified image format is not supported.',
    when: "the object's name ends in .zvhd or .zvhd2, which are Huawei's own formats; what else is not kept here fails the job",
  },
} as const satisfies Faults;

export const quickImportFaults = {
  notQuick: {
    status: 400,
    code: 'IMG.0158',
    message:
      'Only image files in raw OR ZVHD2 format support the Fast Create function. For raw image files, bitmaps must be uploaded to the OBS bucket together with image files.',
    when: "a quick import is asked for, and the object's name ends in .qcow2, .vmdk, .vhd, .vhdx, .qed, .vdi or .iso; what says it is raw and is not fails the job. No bitmap is asked for: what of a disk is empty is seen as it is read",
  },
  osVersionMissing: {
    status: 400,
    code: 'IMG.0159',
    message: 'The OS version is required when image files are used to create ECSs through the Fast Create function.',
    when: 'a quick import of a system disk is asked for without os_version',
  },
} as const satisfies Faults;

export const createImageFaults = {
  ...importFaults,
  ...osFaults,
  ...quickImportFaults,
  sourceMissing: {
    status: 400,
    code: 'IMG.0021',
    message: 'The resource type is unknown.',
    when: 'none of image_url, instance_id and volume_id is given',
  },
  serverNotFound: {
    status: 400,
    code: 'IMG.0005',
    message: 'The ECS does not exist.',
    when: 'instance_id is given: there are no servers here',
  },
  volumeNotFound: {
    status: 400,
    code: 'IMG.0120',
    message: 'The specified data disk ID is unavailable.',
    when: 'volume_id is given, for the image or in data_images: there are no volumes here',
  },
  isoVersionMissing: {
    status: 400,
    code: 'IMG.0166',
    message: 'OS information must be contained in the ISO files used to create images.',
    when: "type is IsoImage, or the object's name ends in .iso, and os_version is missing",
  },
  tooManyImages: {
    status: 400,
    code: 'IMG.0194',
    message: 'The maximum number of images that can be imported at one time has been reached.',
    when: 'data_images has more than three',
  },
  objectTwice: {
    status: 400,
    code: 'IMG.0123',
    message: 'The image file address in the request is duplicate.',
    when: 'image_url or one of data_images names an object that another one names',
  },
  ...unused('there are no servers, and so none in a state of its own', [
    [400, 'IMG.0006', 'The ECS system disk cannot be used to create an image.'],
    [400, 'IMG.0008', 'The ECS cannot be used to create images because it is not in stopped state.'],
    [400, 'IMG.0010', 'The ECS cannot be used to create an image because it has in-progress tasks.'],
    [400, 'IMG.0011', 'forceCreate must be set to true.'],
    [400, 'IMG.0022', 'The disk in the current state cannot be used to create images.'],
    [400, 'IMG.0063', 'The VM type does not support image creation.'],
    [400, 'IMG.0110', 'The system disk is unavailable and cannot be used to create images.'],
    [400, 'IMG.0111', 'The size of the system disk exceeds the maximum allowed.'],
    [400, 'IMG.0119', 'The VM does not have a system disk.'],
    [400, 'IMG.0137', 'Failed to obtain the VM information.'],
    [400, 'IMG.0138', 'Failed to obtain the OS type information.'],
    [400, 'IMG.0139', 'Other disks on the VM are being used to created VMs.'],
    [400, 'IMG.0140', 'The disks in the request come from different ECSs.'],
    [400, 'IMG.0153', 'DESS or DSS disks cannot be used to create images.'],
    [400, 'IMG.0164', 'Failed to create an image because the spot ECS is being reclaimed.'],
  ]),
  ...unused('another row says the same: 0021 of the source, 0024 of the type, 0057 of the object', [
    [400, 'IMG.0012', 'The ECS ID is not specified.'],
    [400, 'IMG.0117', 'The image source can only be BMS or ECS.'],
    [400, 'IMG.0121', 'The object cannot be found.'],
    [400, 'IMG.0157', 'Incorrect image type.'],
  ]),
} as const satisfies Faults;
