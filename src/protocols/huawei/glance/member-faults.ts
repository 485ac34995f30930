/** What Glance says no with about members. */

import { FaultError } from '../../shared/faults.ts';
import type { RefusalFaults } from '../../shared/refusals.ts';
import type { Faults } from '../fault.ts';
import { plainFaults } from '../plain-faults.ts';

export const memberFaults = {
  malformed: { ...plainFaults[400], when: 'member is missing, or is a project of the account that owns the image' },
  forbidden: {
    ...plainFaults[403],
    when: "the image is another account's, or the caller's role or agency does not allow it",
  },
  publicImage: {
    ...plainFaults[403],
    message: 'Public images do not have members.',
    when: 'the image is open to everybody',
  },
  notFound: {
    ...plainFaults[404],
    when: 'no image that the caller may see has this id here, no project in its region has that one, or the two have nothing to do with each other',
  },
  conflict: { ...plainFaults[409], when: "a copy of the member's account reads the image" },
  tooMany: {
    ...plainFaults[413],
    when: 'the image is shared with 128 accounts (256 on Open Telekom Cloud), one of a whole machine with 10',
  },
} as const satisfies Faults;

export const memberRefusals = {
  // Of an account that is disabled.
  'account.not-found': memberFaults.notFound,
  'member.own': () => new FaultError(memberFaults.malformed, 'an image is not shared with its own account'),
  'member.limit': ({ limit }) => new FaultError(memberFaults.tooMany, `${limit} members`),
  'image.encrypted': () => new FaultError(memberFaults.conflict, 'an encrypted image belongs to its account alone'),
  'image.being-copied': () => new FaultError(memberFaults.conflict, 'a copy reads the image'),
} satisfies RefusalFaults;
