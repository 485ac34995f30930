/** Huawei Cloud's dialect on an installation of its own, listening, with a client for whoever is to call it. */
import { tmpdir } from 'node:os';
import type { Caller } from '../../src/app/context.ts';
import { createAccessKey } from '../../src/app/tenants/access-keys.ts';
import { createSession } from '../../src/app/tenants/sessions.ts';
import { createUser } from '../../src/app/tenants/users.ts';
import type { Role } from '../../src/domain/principal.ts';
import { openFrontDoor } from '../../src/main/front-door.ts';
import { createHuawei } from '../../src/protocols/huawei/app.ts';
import { createHosts } from '../../src/protocols/huawei/hosts.ts';
import { toHexId } from '../../src/protocols/huawei/ids.ts';
import type { HuaweiSettings } from '../../src/protocols/huawei/operation.ts';
import type { DialectLimits } from '../../src/protocols/shared/dialect.ts';
import { createSpools } from '../../src/protocols/shared/spools.ts';
import { createTransfers, type Transfers } from '../../src/protocols/shared/transfers.ts';
import { type Logger, silentLogger } from '../../src/telemetry/logger.ts';
import { createHuaweiClient, type HuaweiClient } from './huawei-client.ts';
import { checked } from './huawei-published.ts';
import { createInstallation, type Installation, type InstallationOptions, regions } from './installation.ts';

export interface HuaweiKey {
  readonly accessKeyId: string;
  readonly secret: string;
}

export interface TestHuawei {
  readonly installation: Installation;
  /** `http://127.0.0.1:port`. */
  readonly url: string;
  /** An owner of an account that does not administer the installation, and what signs for it. */
  readonly caller: Caller;
  readonly key: HuaweiKey;
  /** Signs as Huawei's own clients do, without a project: the first region's default one. */
  readonly client: HuaweiClient;
  /** The 32 digits of the account's default project in a region. */
  projectOf(region: string, caller?: Caller): Promise<string>;
  /** A user of the role in the caller's account, or in another's: a client that signs with the user's key. */
  newClient(role?: Role, options?: NewClientOptions): Promise<HuaweiClient>;
  /** The same for tests that sign in their own way. */
  newKey(role?: Role, caller?: Caller): Promise<HuaweiKey>;
  /** A bearer token of the region's default project. */
  newToken(region: string, caller?: Caller): Promise<string>;
  close(): Promise<void>;
}

interface NewClientOptions {
  readonly caller?: Caller;
  /** Of its default project; the first without one. */
  readonly region?: string;
}

export interface TestHuaweiOptions {
  readonly installation?: InstallationOptions;
  /** Instead of one of its own, which `close` would close. */
  readonly on?: Installation;
  readonly settings?: Partial<HuaweiSettings>;
  readonly limits?: Partial<DialectLimits>;
  /** Silent without one. */
  readonly logger?: Logger;
  readonly transfers?: Transfers;
  /** Whose `X-Forwarded-For` is believed: with `127.0.0.1` clients are wherever they say. */
  readonly trustedProxies?: readonly string[];
  /** The machine's for temporary files by default. */
  readonly spoolFolder?: string;
}

export async function createTestHuawei(options: TestHuaweiOptions = {}): Promise<TestHuawei> {
  const { on, settings = {}, limits = {}, logger = silentLogger } = options;
  const { transfers = createTransfers(32, 30_000), spoolFolder = tmpdir() } = options;
  const installation = on ?? (await createInstallation(options.installation));
  const { context, metrics } = installation;
  const app = createHuawei({
    context: {
      ...context,
      logger,
      regions,
      transfers,
      spools: createSpools(spoolFolder),
      settings: { site: 'huawei', acceptsKeyTokens: false, ...settings },
    },
    readHosts: createHosts('{service}.{region}.{domain}', regions),
    limits: { requestsPerMinute: 0, requestSeconds: 30, clockMs: 900_000, ...limits },
    trustedProxies: options.trustedProxies,
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
  const projectOf = async (region: string, of: Caller = caller) => {
    const { id } = await context.db
      .selectFrom('projects')
      .innerJoin('regions', 'regions.number', 'projects.region')
      .select('projects.id')
      .where('projects.account', '=', of.accountId)
      .where('regions.id', '=', region)
      .where('projects.is_default', '=', true)
      .executeTakeFirstOrThrow();
    return toHexId(id);
  };
  let users = 0;
  const newKey = async (role: Role = 'owner', of: Caller = caller) => {
    users += 1;
    const { result: user } = await createUser(context, of, { name: `user-${users}`, role });
    const { id, secret } = await createAccessKey(context, of, user.id, { description: '' });
    return { accessKeyId: id, secret };
  };
  const key = await newKey();
  const look = (each: HuaweiClient) => checked(each, settings.site ?? 'huawei');
  return {
    installation,
    url,
    caller,
    key,
    client: look(createHuaweiClient({ url, form: 'huawei', ...key })),
    projectOf,
    newKey,
    async newClient(role, { caller: of = caller, region } = {}) {
      const signing = await newKey(role, of);
      const project = region === undefined ? {} : { projectId: await projectOf(region, of) };
      return look(createHuaweiClient({ url, form: 'huawei', ...signing, ...project }));
    },
    async newToken(region, of = caller) {
      const project = fromHex(await projectOf(region, of));
      const { token } = await createSession(context, of, { name: 'test', project });
      return token;
    },
    async close() {
      await door.close();
      if (on === undefined) await installation.close();
    },
  };
}

function fromHex(id: string): string {
  return id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
