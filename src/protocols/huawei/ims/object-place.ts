/** Where an object lies, as requests say it: `bucket:object` (reference §7.1, §7.2), and what is said of one. */

import { FaultError, unused } from '../../shared/faults.ts';
import { type Parameter, text } from '../../shared/parameters.ts';
import type { RefusalFaults } from '../../shared/refusals.ts';
import { commonFaults } from '../common-faults.ts';
import type { Faults } from '../fault.ts';
import { imageFaults } from '../image-faults.ts';

export interface ObjectPlace {
  readonly bucket: string;
  readonly object: string;
}

export const objectFaults = {
  urlMalformed: {
    status: 400,
    code: 'IMG.0017',
    message: 'The URL format is incorrect.',
    when: 'the place of the object is missing, or is not bucket:object',
  },
  bucketMissing: {
    status: 400,
    code: 'IMG.0068',
    message: 'The specified bucket name is empty.',
    when: 'nothing stands before the colon',
  },
  bucketMalformed: {
    status: 400,
    code: 'IMG.0109',
    message: 'The bucket name contains invalid characters.',
    when: 'the bucket has other than 3 to 63 lower-case letters, digits, dots and hyphens',
  },
  bucketDenied: {
    status: 400,
    code: 'IMG.0069',
    message: 'The specified bucket cannot be accessed.',
    when: 'there is no such bucket, it or the object may not be used, or the installation has no object store',
  },
  objectTooLong: {
    status: 400,
    code: 'IMG.0074',
    message: 'The file name length exceeds the limit.',
    when: "the object's name has more than 1024 bytes",
  },
  objectSpaces: {
    status: 400,
    code: 'IMG.0175',
    message: 'The folder name and image file name cannot contain spaces.',
    when: "the object's name has a space",
  },
  objectMalformed: {
    status: 400,
    code: 'IMG.0075',
    message: 'The file name contains invalid characters.',
    when: "the object's name has a control character, or . or .. between its slashes",
  },
  ...unused('the installation has one object store, for every region, and a key of its own to it', [
    [400, 'IMG.0037', 'An error occurred in the AK/SK was obtained.'],
    [400, 'IMG.0038', 'An error occurred when the bucket was created.'],
    [
      400,
      'IMG.0039',
      'An error occurred when read and write permissions of the bucket were granted to a specified user.',
    ],
    [400, 'IMG.0040', 'An error occurred in the object storage address was obtained.'],
    [400, 'IMG.0041', 'The authorized account is empty.'],
    [400, 'IMG.0058', 'The region of the bucket where the image file is stored is inconsistent with that of the user.'],
  ]),
} as const satisfies Faults;

const longestObject = 1024;

/** The rest of its rules are the object store's, which the core knows (`objectRefusals`). */
export const objectPlace: Parameter<ObjectPlace | undefined> = {
  ...text({ rule: 'bucket:object', fault: objectFaults.urlMalformed }),
  faults: [
    objectFaults.urlMalformed,
    objectFaults.bucketMissing,
    objectFaults.objectTooLong,
    objectFaults.objectSpaces,
  ],
  read(value, name) {
    if (value === undefined || value === null || value === '') return undefined;
    const colon = typeof value === 'string' ? value.indexOf(':') : -1;
    if (typeof value !== 'string' || colon < 0) throw new FaultError(objectFaults.urlMalformed, name);
    if (colon === 0) throw new FaultError(objectFaults.bucketMissing, name);
    const object = value.slice(colon + 1);
    if (Buffer.byteLength(object) > longestObject) throw new FaultError(objectFaults.objectTooLong, name);
    if (object.includes(' ')) throw new FaultError(objectFaults.objectSpaces, name);
    return { bucket: value.slice(0, colon), object };
  },
};

/** What has no object, as a folder has none, is no place to read from. */
export const filePlace: Parameter<ObjectPlace | undefined> = {
  ...objectPlace,
  read(value, name) {
    const place = objectPlace.read(value, name);
    if (place?.object === '') throw new FaultError(objectFaults.urlMalformed, name);
    return place;
  },
};

export const objectRefusals = {
  'request.invalid': ({ field }) => new FaultError(invalid(field), field),
  'object-store.missing': objectFaults.bucketDenied,
  'object.bucket-not-found': objectFaults.bucketDenied,
  'object.denied': objectFaults.bucketDenied,
} as const satisfies RefusalFaults;

function invalid(field: string) {
  if (field === 'bucket') return objectFaults.bucketMalformed;
  if (field === 'object') return objectFaults.objectMalformed;
  // The image is another one than such an object is for.
  return field === 'image' || field === 'disks' ? imageFaults.notSupported : commonFaults.bodyInvalid;
}
