/** JD Cloud's own client from npm as its users have it. */
import { createRequire } from 'node:module';

// biome-ignore lint/suspicious/noExplicitAny: what an answer has is what the tests are about.
export type Answer = any;

export interface Access {
  readonly url: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface Client {
  /** `copyImages`: the client has a method for each operation. */
  call(operation: string, parameters: object, region: string): Promise<Answer>;
}

/** What a call is rejected with: the answer's body, no error of JavaScript's. */
export interface Raised {
  readonly requestId: string;
  readonly error: { readonly code: number; readonly status: string; readonly message: string };
  /** The answer itself. */
  readonly responseObj: { readonly status: number };
}

type Operations = Readonly<Record<string, (parameters: object, region: string) => Promise<Answer>>>;
type Service = new (options: object) => Operations;

interface Sdk {
  readonly VM: Service;
  readonly DISK: Service;
  readonly config: { logger: () => void };
}

const { VM, DISK, config } = createRequire(import.meta.url)('jdcloud-sdk-js') as Sdk;
// It prints what it signs otherwise.
config.logger = () => {};

function clientOf(service: Service, { url, accessKeyId, secretAccessKey }: Access): Client {
  const { protocol, host } = new URL(url);
  const client = new service({
    credentials: { accessKeyId, secretAccessKey },
    // Both members: with a text it would ask `undefined://undefined`.
    endpoint: { protocol: protocol.slice(0, -1), host },
    regionId: 'cn-north-1',
  });
  return {
    async call(operation, parameters, region) {
      const method = client[operation];
      if (method === undefined) throw new Error(`the client has no ${operation}`);
      return await method.call(client, parameters, region);
    },
  };
}

export const vmClient = (access: Access) => clientOf(VM, access);
export const diskClient = (access: Access) => clientOf(DISK, access);

/** What the call raises; an error of the test if it succeeds. */
export async function raisedBy(call: Promise<Answer>): Promise<Raised> {
  let answer: Answer;
  try {
    answer = await call;
  } catch (raised) {
    return raised as Raised;
  }
  throw new Error(`answered: ${JSON.stringify(answer.result)}`);
}
