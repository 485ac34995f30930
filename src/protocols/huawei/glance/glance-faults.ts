/**
 * What Glance says no with: a status and a sentence, which come as a page of HTML (reference §8). The sentences are those of
 * OpenStack's own Glance where it has one.
 */
import type { Faults } from '../fault.ts';
import { plainFaults } from '../plain-faults.ts';

export const glanceFaults = {
  invalid: plainFaults[400],
  forbidden: { ...plainFaults[403], when: "the image is another account's, or the caller's role does not allow it" },
  readOnly: {
    status: 403,
    code: '403',
    message: "Attribute '%s' is read-only.",
    when: 'an attribute is given that the service alone sets',
  },
  notRemovable: {
    status: 403,
    code: '403',
    message: 'Property %s may not be removed.',
    when: 'an attribute is to be removed that every image has',
  },
  notQueued: {
    status: 403,
    code: '403',
    message: "Attribute '%s' can be only replaced for a queued image.",
    when: 'a format is to be changed of an image that has its bytes, or gets them',
  },
  notPublishable: {
    status: 403,
    code: '403',
    message: 'An image that has no bytes yet cannot be public; change its visibility once it is active.',
    when: 'visibility of a new image is public',
  },
  notFound: {
    ...plainFaults[404],
    when: "no image that the caller may see has this id in the request's region and project",
  },
  absent: {
    status: 409,
    code: '409',
    message: 'Property %s does not exist.',
    when: 'a property is to be replaced or removed that the image does not have',
  },
  present: {
    status: 409,
    code: '409',
    message: 'Property %s already present.',
    when: 'a property is to be added that the image has; with the older media type only',
  },
  conflict: plainFaults[409],
  overLimit: plainFaults[413],
  unsupportedMediaType: plainFaults[415],
  unavailable: plainFaults[503],
} as const satisfies Faults;
