/** ListImages' rows (reference §9.2); what is well formed and no image here has is no fault, but an empty list. */
import { maxTags } from '../../../domain/image-rules.ts';
import type { Faults } from '../fault.ts';
import { imageFaults } from '../image-faults.ts';

export const listImagesFaults = {
  imageTypeUnknown: {
    status: 400,
    code: 'IMG.0024',
    message: 'The image type in the request is incorrect.',
    when: '__imagetype is neither gold, private, shared nor market',
  },
  parameterInvalid: {
    status: 400,
    code: 'IMG.0001',
    message: 'The request message format is invalid.',
    when: 'a parameter breaks its rule',
  },
  tooManyTags: { ...imageFaults.tagQuota, when: `tag is given more than ${maxTags} times: no image has so many` },
  markerMalformed: { ...imageFaults.imageIdMalformed, when: 'marker is no UUID' },
  markerUnknown: {
    ...imageFaults.imageNotFound,
    when: 'marker is the id of no image that the caller may see here: it may have been deleted since the last page',
  },
  noneFound: {
    status: 400,
    code: 'IMG.0086',
    message: 'No image was found.',
    never: 'an empty list is an answer',
  },
} as const satisfies Faults;
