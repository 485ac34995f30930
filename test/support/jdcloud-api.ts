/** JD Cloud's dialect on an installation of its own, listening, with clients for whoever is to call it. */
import type { Caller } from '../../src/app/context.ts';
import type { Role } from '../../src/domain/principal.ts';
import { createJdcloud } from '../../src/protocols/jdcloud/app.ts';
import type { ServiceName } from '../../src/protocols/jdcloud/operation.ts';
import type { Page } from '../../src/protocols/jdcloud/page.ts';
import { openTestDialect, type TestDialect, type TestDialectOptions, type TestKey } from './dialect-api.ts';
import { createJdcloudClient, type JdcloudClient } from './jdcloud-client.ts';
import { checked } from './jdcloud-published.ts';

export interface TestJdcloud extends TestDialect {
  /** Of the service `vm`. */
  readonly client: JdcloudClient;
  /** The same of the service `disk`. */
  readonly disk: JdcloudClient;
  /** A user of the role in the caller's account, or in another's: a client that signs with the user's key. */
  newClient(role?: Role, caller?: Caller, service?: ServiceName): Promise<JdcloudClient>;
}

export interface TestJdcloudOptions extends TestDialectOptions {
  readonly page?: Page;
  /** Names that clients may have signed instead of the one they sent. */
  readonly hosts?: readonly string[];
}

export async function createTestJdcloud(options: TestJdcloudOptions = {}): Promise<TestJdcloud> {
  const { page = 'newer', hosts = [] } = options;
  const dialect = await openTestDialect(options, ({ context, ...surroundings }) =>
    createJdcloud({ ...surroundings, context: { ...context, page }, hosts }),
  );
  const { url, key, newKey } = dialect;
  const clientOf = (signing: TestKey, service: ServiceName) =>
    checked(createJdcloudClient({ url, ...signing, service }), service);
  return {
    ...dialect,
    client: clientOf(key, 'vm'),
    disk: clientOf(key, 'disk'),
    newClient: async (role, of, service = 'vm') => clientOf(await newKey(role, of), service),
  };
}
