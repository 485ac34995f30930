/** The token with which a request can be sent again and is still done once. */
import type { Faults } from '../fault.ts';
import { filledText } from '../parameters.ts';

export const tokenFaults = {
  tokenUsed: {
    status: 400,
    code: 'CONFLICT',
    message: 'ClientToken was used for another request, take a new one',
    when: 'an earlier request of the operation had this clientToken and asked for something else',
  },
} as const satisfies Faults;

export const clientToken = filledText({
  rule: '1 to 64 characters; the same request with the same one is done once',
  matches: /^.{1,64}$/su,
});
