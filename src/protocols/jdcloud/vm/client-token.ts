/** By what a request can be sent again and still be done once. */
import { text } from '../../shared/parameters.ts';
import { commonFaults } from '../common-faults.ts';
import type { Faults } from '../fault.ts';

export const tokenFaults = {
  tokenUsed: {
    status: 400,
    code: 'CONFLICT',
    message: 'ClientToken was used for another request, take a new one',
    when: 'an earlier request of the operation had this clientToken and asked for something else',
  },
} as const satisfies Faults;

/** An empty one is none, which `tokenOf` is to see to. */
export const clientToken = text({
  rule: '64 characters at most; the same request with the same one is done once',
  fault: commonFaults.parameterInvalid,
  matches: /^.{0,64}$/su,
});

/** As the core's use cases want it. */
export function tokenOf({ clientToken: token }: { readonly clientToken: string | undefined }): string | undefined {
  return token || undefined;
}
