/** JD Cloud's dialect on an installation of its own, listening, with clients for whoever is to call it. */
import type { Caller } from '../../src/app/context.ts';
import { createAccessKey } from '../../src/app/tenants/access-keys.ts';
import { createUser } from '../../src/app/tenants/users.ts';
import type { Role } from '../../src/domain/principal.ts';
import { openFrontDoor } from '../../src/main/front-door.ts';
import { createJdcloud } from '../../src/protocols/jdcloud/app.ts';
import type { Page } from '../../src/protocols/jdcloud/fault.ts';
import type { ServiceName } from '../../src/protocols/jdcloud/operation.ts';
import type { DialectLimits } from '../../src/protocols/shared/dialect.ts';
import { type Logger, silentLogger } from '../../src/telemetry/logger.ts';
import { createInstallation, type Installation, type InstallationOptions } from './installation.ts';
import { createJdcloudClient, type JdcloudClient } from './jdcloud-client.ts';
import { checked } from './jdcloud-published.ts';

export interface JdcloudKey {
  readonly accessKeyId: string;
  readonly secret: string;
}

export interface TestJdcloud {
  readonly installation: Installation;
  /** `http://127.0.0.1:port`. */
  readonly url: string;
  /** An owner of an account that does not administer the installation, and what signs for it. */
  readonly caller: Caller;
  readonly key: JdcloudKey;
  /** Of the service `vm`. */
  readonly client: JdcloudClient;
  /** The same of the service `disk`. */
  readonly disk: JdcloudClient;
  /** A user of the role in the caller's account, or in another's: a client that signs with the user's key. */
  newClient(role?: Role, caller?: Caller, service?: ServiceName): Promise<JdcloudClient>;
  /** The same for tests that sign in their own way. */
  newKey(role?: Role, caller?: Caller): Promise<JdcloudKey>;
  close(): Promise<void>;
}

export interface TestJdcloudOptions {
  readonly installation?: InstallationOptions;
  /** Instead of one of its own, which `close` would close. */
  readonly on?: Installation;
  readonly page?: Page;
  readonly limits?: Partial<DialectLimits>;
  /** Names that clients may have signed instead of the one they sent. */
  readonly hosts?: readonly string[];
  /** Silent without one. */
  readonly logger?: Logger;
}

export async function createTestJdcloud(options: TestJdcloudOptions = {}): Promise<TestJdcloud> {
  const { on, page = 'newer', limits = {}, hosts = [], logger = silentLogger } = options;
  const installation = on ?? (await createInstallation(options.installation));
  const { context, metrics } = installation;
  const app = createJdcloud({
    context: { ...context, logger, page },
    hosts,
    limits: { requestsPerMinute: 0, requestSeconds: 30, clockMs: 900_000, ...limits },
    metrics: metrics.requests,
  });
  const door = await openFrontDoor({
    host: '127.0.0.1',
    port: 0,
    requestSeconds: 30,
    doors: [{ matches: () => true, app }],
    logger,
    onRefusedConnection() {},
  });
  const { url } = door;
  const caller = await installation.newCaller();
  let users = 0;
  const newKey = async (role: Role = 'owner', of: Caller = caller) => {
    users += 1;
    const { result: user } = await createUser(context, of, { name: `user-${users}`, role });
    const { id, secret } = await createAccessKey(context, of, user.id, { description: '' });
    return { accessKeyId: id, secret };
  };
  const key = await newKey();
  const clientOf = (signing: JdcloudKey, service: ServiceName) =>
    checked(createJdcloudClient({ url, ...signing, service }), service);
  return {
    installation,
    url,
    caller,
    key,
    client: clientOf(key, 'vm'),
    disk: clientOf(key, 'disk'),
    newKey,
    newClient: async (role, of, service = 'vm') => clientOf(await newKey(role, of), service),
    async close() {
      await door.close();
      if (on === undefined) await installation.close();
    },
  };
}
