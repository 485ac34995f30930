/** Rows of the image service's table that several operations meet (reference §9.2, §5). */
import type { Faults } from './fault.ts';

export const imageFaults = {
  nameMissing: {
    status: 400,
    code: 'IMG.0013',
    message: 'The image name is not specified.',
    when: 'name is missing or empty',
  },
  nameTooLong: {
    status: 400,
    code: 'IMG.0002',
    message: 'The image name contains more than 128 characters.',
    when: 'name has more than 128 characters',
  },
  nameMalformed: {
    status: 400,
    code: 'IMG.0003',
    message: 'The image name format is invalid.',
    when: 'name begins or ends with a space, or has other characters than letters, digits, - . _ and spaces',
  },
  nameTaken: {
    status: 400,
    code: 'IMG.0009',
    message: 'The image name already exists.',
    never: 'images may have the same name, as those in the cloud do',
  },
  descriptionTooLong: {
    status: 400,
    code: 'IMG.0004',
    message: 'The description contains more than 1024 characters.',
    when: 'description has more than 1024 characters',
  },
  descriptionMalformed: {
    status: 400,
    code: 'IMG.0054',
    message: 'The image description format is invalid.',
    when: 'description is no text, or has a carriage return, < or >',
  },
  imageQuota: {
    status: 400,
    code: 'IMG.0015',
    message: 'The number of private images has reached the maximum allowed.',
    when: 'the account would have more images, disks or bytes in the region than its quotas allow',
  },
  imageIdMalformed: {
    status: 400,
    code: 'IMG.0066',
    message: 'The image ID is incorrect.',
    when: 'image_id is no UUID',
  },
  imageNotFound: {
    status: 400,
    code: 'IMG.0027',
    message: 'The image ID in the request does not exist.',
    when: "no image that the caller may see has this id in the request's region and project",
  },
  imageUnavailable: {
    status: 400,
    code: 'IMG.0046',
    message: 'The image is unavailable.',
    when: 'the image is in another state than active, or something is being done to it',
  },
  ownerOnly: {
    status: 400,
    code: 'IMG.0047',
    message: 'This operation can be performed only by the image owner.',
    when: 'the image is shared by another account, or open to everybody',
  },
  protectedImage: {
    status: 400,
    code: 'IMG.0028',
    message: 'The image in the request is protected.',
    when: 'the image is protected',
  },
  sizeInvalid: {
    status: 400,
    code: 'IMG.0055',
    message: 'The memory or disk size is invalid.',
    when: 'min_disk, min_ram or max_ram is no number in its range',
  },
  notSupported: {
    status: 400,
    code: 'IMG.0105',
    message: 'The operation is not supported.',
    when: 'what is asked for does not go with this image, or with this installation',
  },
  exporting: {
    status: 400,
    code: 'IMG.0148',
    message: 'The image is being exported.',
    when: 'an export of the image is not finished',
  },
  tagInvalid: {
    status: 400,
    code: 'IMG.0115',
    message: 'The image tag is invalid.',
    when: 'a tag has no key, one of more than 36 characters or a value of more than 43, is no text, or is written key.value with other than letters, digits, _ and - around its dot',
  },
  tagQuota: {
    status: 400,
    code: 'IMG.0116',
    message: 'The number of image tags exceeds the quota.',
    when: 'the image would have more than 10 tags',
  },
  enterpriseProjectInvalid: {
    status: 400,
    code: 'IMG.0155',
    message: 'Failed to check the enterprise project ID validity.',
    when: 'enterprise_project_id is neither 0 nor the id of a resource group of the account',
  },
  objectNotFound: {
    status: 400,
    code: 'IMG.0057',
    message: 'The image file does not exist, is empty, or in the incorrect format.',
    when: 'the object is not there, or is empty',
  },
} as const satisfies Faults;
