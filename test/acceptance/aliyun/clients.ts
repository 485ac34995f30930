/** Alibaba Cloud's own clients from npm, each as its users have it, behind one way to call and to see what it raises. */
import { createRequire } from 'node:module';

/** As in the API's reference, lists as lists: `{ RegionId: 'cn-hangzhou', Tag: [{ Key: 'team', Value: 'base' }] }`. */
export type Parameters = Readonly<Record<string, unknown>>;

// biome-ignore lint/suspicious/noExplicitAny: what an answer has is what the tests are about.
export type Answer = any;

/** What a client raises, under the names that most of them have for it. */
export interface Raised {
  readonly code: string;
  readonly message: string;
}

export interface Client {
  /** Members as they are called on the wire. */
  call(action: string, parameters: Parameters): Promise<Answer>;
}

export interface Access {
  readonly url: string;
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  readonly securityToken?: string;
}

interface Model {
  toMap(): Answer;
}

/** What both generations of the generated client look like from outside. */
interface EcsModule {
  readonly default: new (config: unknown) => Record<string, (request: unknown) => Promise<{ body: Model }>>;
  readonly [request: string]: new (fields?: unknown) => unknown;
}

interface ConfigModule {
  readonly Config: new (fields: unknown) => unknown;
}

const newest = {
  name: '@alicloud/ecs20140526',
  models: '@darabonba/typescript',
  configuration: '@alicloud/openapi-core',
} as const;
const first = {
  name: 'ecs20140526-v2',
  models: '@alicloud/tea-typescript',
  configuration: '@alicloud/openapi-client',
} as const;

const load = createRequire(import.meta.url);

interface Flavour {
  readonly name: string;
  /** The packages that it comes with: for its models, and for its configuration. */
  readonly models: string;
  readonly configuration: string;
}

function ecsClient({ name, models, configuration }: Flavour, config: (access: Access) => Record<string, unknown>) {
  const ecs = load(name) as EcsModule;
  const own = createRequire(load.resolve(name));
  const { cast } = own(models) as { cast<Made>(fields: unknown, model: Made): Made };
  const api = own(configuration) as { $OpenApiUtil?: ConfigModule } & ConfigModule;
  const { Config } = api.$OpenApiUtil ?? api;
  return (access: Access): Client => {
    const client = new ecs.default(new Config(config(access)));
    return {
      async call(action, parameters) {
        const request = cast(parameters, new (ecs[`${action}Request`] as new () => unknown)());
        const method = `${action[0]?.toLowerCase()}${action.slice(1)}`;
        const { body } = await (client[method] as (request: unknown) => Promise<{ body: Model }>).call(client, request);
        return body.toMap();
      },
    };
  };
}

function configOf({ url, ...keys }: Access): Record<string, unknown> {
  const { protocol, host } = new URL(url);
  return { ...keys, endpoint: host, protocol: protocol.slice(0, -1) };
}

function popCore({ url, ...keys }: Access, method: 'GET' | 'POST', apiVersion = '2014-05-26'): Client {
  interface RpcClient {
    request(action: string, parameters: Parameters, options: object): Promise<Answer>;
  }
  const { RPCClient } = load('@alicloud/pop-core') as { RPCClient: new (config: object) => RpcClient };
  const client = new RPCClient({ ...keys, endpoint: url, apiVersion });
  return { call: (action, parameters) => client.request(action, parameters, { method }) };
}

/**
 * By what they sign and how they send. Version 2.0.0 has the answers' lists otherwise than the cloud ever sent them, and raises
 * an error on each answer that has one: it is asked for what answers without.
 */
export const clients: Readonly<Record<string, (access: Access) => Client>> = {
  'ecs20140526 7.x (ACS3, POST)': ecsClient(newest, configOf),
  'ecs20140526 7.x with v2 (HMAC-SHA1, POST)': ecsClient(newest, (access) => ({
    ...configOf(access),
    signatureAlgorithm: 'v2',
  })),
  'ecs20140526 2.0.0 (HMAC-SHA1, chunked form)': ecsClient(first, configOf),
  'pop-core (HMAC-SHA1, GET)': (access) => popCore(access, 'GET'),
  'pop-core (HMAC-SHA1, POST)': (access) => popCore(access, 'POST'),
};

/** The client that takes any action and any parameter, for what the generated ones do not know or refuse by themselves. */
export function anyClient(access: Access): Client {
  return popCore(access, 'POST');
}

export function stsClient(access: Access): Client {
  return popCore(access, 'GET', '2015-04-01');
}

export function kmsClient(access: Access): Client {
  return popCore(access, 'GET', '2016-01-20');
}

/** What the call raises; an error of the test if it succeeds. */
export async function raisedBy(client: Client, action: string, parameters: Parameters): Promise<Raised> {
  const answer = await client.call(action, parameters).catch((error: unknown) => error);
  if (!(answer instanceof Error)) throw new Error(`${action} was answered: ${JSON.stringify(answer)}`);
  return answer as unknown as Raised;
}
