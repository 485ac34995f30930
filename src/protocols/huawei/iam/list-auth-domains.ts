import { toHexId } from '../ids.ts';
import { operation } from '../operation.ts';
import { linkOf } from './links.ts';

/** Clients that have nothing but an access key learn here whose it is. */
export const listAuthDomains = operation({
  service: 'iam',
  method: 'GET',
  route: '/v3/auth/domains',
  name: 'KeystoneListAuthDomains',
  summary: "Lists the domain that the caller acts in, which is Mimeo's account.",
  right: null,
  faults: {},
  async handle(request) {
    const { accountId, accountName: name } = request.caller;
    const id = toHexId(accountId);
    const domain = { id, name, enabled: true, description: '', links: linkOf(request, `domains/${id}`) };
    return { body: { domains: [domain], links: linkOf(request, 'auth/domains') } };
  },
});
