/** Alibaba Cloud's dialect on an installation of its own, listening, with a client for whoever is to call it. */
import type { Caller } from '../../src/app/context.ts';
import { createAccessKey } from '../../src/app/tenants/access-keys.ts';
import { createUser } from '../../src/app/tenants/users.ts';
import type { Role } from '../../src/domain/principal.ts';
import { hasPath, openFrontDoor } from '../../src/main/front-door.ts';
import { createAliyun } from '../../src/protocols/aliyun/app.ts';
import type { Page } from '../../src/protocols/aliyun/fault.ts';
import type { DialectLimits } from '../../src/protocols/shared/dialect.ts';
import { type Logger, silentLogger } from '../../src/telemetry/logger.ts';
import { type AliyunClient, createAliyunClient } from './aliyun-client.ts';
import { checked } from './aliyun-published.ts';
import { createInstallation, type Installation, type InstallationOptions, regions } from './installation.ts';

export interface AliyunKey {
  readonly accessKeyId: string;
  readonly secret: string;
}

export interface TestAliyun {
  readonly installation: Installation;
  /** `http://127.0.0.1:port`. */
  readonly url: string;
  /** An owner of an account that does not administer the installation, and what signs for it. */
  readonly caller: Caller;
  readonly key: AliyunKey;
  readonly client: AliyunClient;
  /** A user of the role in the caller's account, or in another's: a client that signs with the user's key. */
  newClient(role?: Role, caller?: Caller): Promise<AliyunClient>;
  /** The same for tests that sign in their own way. */
  newKey(role?: Role, caller?: Caller): Promise<AliyunKey>;
  close(): Promise<void>;
}

export interface TestAliyunOptions {
  readonly installation?: InstallationOptions;
  /** Instead of one of its own, which `close` would close. */
  readonly on?: Installation;
  readonly page?: Page;
  readonly limits?: Partial<DialectLimits>;
  /** Silent without one. */
  readonly logger?: Logger;
}

export async function createTestAliyun(options: TestAliyunOptions = {}): Promise<TestAliyun> {
  const { on, page = 'newer', limits = {}, logger = silentLogger } = options;
  const installation = on ?? (await createInstallation(options.installation));
  const { context, metrics } = installation;
  const app = createAliyun({
    context: { ...context, logger, page, regions },
    limits: { requestsPerMinute: 0, requestSeconds: 30, clockMs: 900_000, ...limits },
    metrics: metrics.requests,
  });
  const door = await openFrontDoor({
    host: '127.0.0.1',
    port: 0,
    requestSeconds: 30,
    doors: [{ matches: hasPath('/'), app }],
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
  return {
    installation,
    url,
    caller,
    key,
    client: checked(createAliyunClient({ url, ...key }), page),
    newKey,
    newClient: async (role, of) => checked(createAliyunClient({ url, ...(await newKey(role, of)) }), page),
    async close() {
      await door.close();
      if (on === undefined) await installation.close();
    },
  };
}
