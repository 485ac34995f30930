/** Huawei Cloud's dialect on an installation of its own, listening, with a client for whoever is to call it. */
import { tmpdir } from 'node:os';
import type { Caller } from '../../src/app/context.ts';
import { findDefaultProject } from '../../src/app/tenants/find-project.ts';
import { createSession } from '../../src/app/tenants/sessions.ts';
import type { Role } from '../../src/domain/principal.ts';
import { createHuawei } from '../../src/protocols/huawei/app.ts';
import { createHosts } from '../../src/protocols/huawei/hosts.ts';
import { toHexId } from '../../src/protocols/huawei/ids.ts';
import type { HuaweiSettings } from '../../src/protocols/huawei/operation.ts';
import { createSpools } from '../../src/protocols/shared/spools.ts';
import { createTransfers, type Transfers } from '../../src/protocols/shared/transfers.ts';
import { openTestDialect, type TestDialect, type TestDialectOptions } from './dialect-api.ts';
import { createHuaweiClient, type HuaweiClient } from './huawei-client.ts';
import { checked } from './huawei-published.ts';
import { regions } from './installation.ts';

export interface TestHuawei extends TestDialect {
  /** Signs as Huawei's own clients do, without a project: the first region's default one. */
  readonly client: HuaweiClient;
  /** The 32 digits of the account's default project in a region. */
  projectOf(region: string, caller?: Caller): Promise<string>;
  /** A user of the role in the caller's account, or in another's: a client that signs with the user's key. */
  newClient(role?: Role, options?: NewClientOptions): Promise<HuaweiClient>;
  /** A bearer token of the region's default project. */
  newToken(region: string, caller?: Caller): Promise<string>;
}

interface NewClientOptions {
  readonly caller?: Caller;
  /** Of its default project; the first without one. */
  readonly region?: string;
}

export interface TestHuaweiOptions extends TestDialectOptions {
  readonly settings?: Partial<HuaweiSettings>;
  readonly transfers?: Transfers;
  /** Whose `X-Forwarded-For` is believed: with `127.0.0.1` clients are wherever they say. */
  readonly trustedProxies?: readonly string[];
  /** The machine's for temporary files by default. */
  readonly spoolFolder?: string;
}

export async function createTestHuawei(options: TestHuaweiOptions = {}): Promise<TestHuawei> {
  const { settings = {}, trustedProxies } = options;
  const { transfers = createTransfers(32, 30_000), spoolFolder = tmpdir() } = options;
  const dialect = await openTestDialect(options, ({ context, ...surroundings }) =>
    createHuawei({
      ...surroundings,
      context: {
        ...context,
        regions,
        transfers,
        spools: createSpools(spoolFolder),
        settings: { site: 'huawei', acceptsKeyTokens: false, ...settings },
      },
      readHosts: createHosts('{service}.{region}.{domain}', regions),
      trustedProxies,
    }),
  );
  const { installation, url, caller, key, newKey } = dialect;
  const { context } = installation;
  const defaultProject = async (region: string, of: Caller) => {
    const project = await findDefaultProject(context, of, region);
    if (project === undefined) throw new Error(`${of.accountName} has no default project in ${region}`);
    return project.id;
  };
  const projectOf = async (region: string, of: Caller = caller) => toHexId(await defaultProject(region, of));
  const look = (each: HuaweiClient) => checked(each, settings.site ?? 'huawei');
  return {
    ...dialect,
    client: look(createHuaweiClient({ url, form: 'huawei', ...key })),
    projectOf,
    async newClient(role, { caller: of = caller, region } = {}) {
      const signing = await newKey(role, of);
      const project = region === undefined ? {} : { projectId: await projectOf(region, of) };
      return look(createHuaweiClient({ url, form: 'huawei', ...signing, ...project }));
    },
    async newToken(region, of = caller) {
      const project = await defaultProject(region, of);
      const { token } = await createSession(context, of, { name: 'test', project });
      return token;
    },
  };
}
