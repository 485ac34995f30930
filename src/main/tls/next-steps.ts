import { dirname } from 'node:path';
import type { TlsResult } from './init.ts';

/** What `mimeo tls init` tells the person who ran it. */
export function nextSteps({ folder, authority, names, ends }: TlsResult): string {
  const date = (moment: Date) => moment.toISOString().slice(0, 10);
  const trust = authority.isNew ? 'new: clients have to be told to trust it' : 'kept: who trusts it need do nothing';
  return `\
Authority     ${folder.authority} (${authority.name}, until ${date(authority.ends)}; ${trust})
Certificate   ${folder.certificate} (until ${date(ends)}; run this again before, a running server takes it by itself)
Its key       ${folder.key}

Names:
${names.map((name) => `  ${name}`).join('\n')}

1. Start the server with it. Clients with fixed host names expect port 443; those on other machines need --host 0.0.0.0, too:

   MIMEO_TLS_CERTIFICATE=${folder.certificate} \\
   MIMEO_TLS_KEY=${folder.key} \\
   mimeo serve --data-dir ${dirname(folder.path)} --port 443

2. Let those of these names that your clients use lead to this machine, by DNS or their hosts files.

3. Let clients trust ${folder.authority}:

   SSL_CERT_FILE        Go, curl, Python's ssl: instead of what they trust otherwise
   REQUESTS_CA_BUNDLE   Python requests, openstack: the same
   NODE_EXTRA_CA_CERTS  Node.js: besides what it trusts
   cacert_file          Terraform's providers for Huawei Cloud and OTC
   --ca-file            mimeo

docs/tls.md has all of it step by step.`;
}
