/** What the tests of every cloud's dialect stand on: the dialect on an installation, listening, and keys to call it with. */
import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import type { Caller } from '../../src/app/context.ts';
import { createAccessKey } from '../../src/app/tenants/access-keys.ts';
import { createUser } from '../../src/app/tenants/users.ts';
import type { Role } from '../../src/domain/principal.ts';
import { openFrontDoor } from '../../src/main/front-door.ts';
import type { DialectLimits, DialectSurroundings } from '../../src/protocols/shared/dialect.ts';
import type { Logger } from '../../src/telemetry/logger.ts';
import { createInstallation, type Installation, type InstallationOptions } from './installation.ts';

export interface TestKey {
  readonly accessKeyId: string;
  readonly secret: string;
}

export interface TestDialect {
  readonly installation: Installation;
  /** `http://127.0.0.1:port`. */
  readonly url: string;
  /** An owner of an account that does not administer the installation, and what signs for it. */
  readonly caller: Caller;
  readonly key: TestKey;
  /** Of a user of the role in the caller's account, or in another's. */
  newKey(role?: Role, caller?: Caller): Promise<TestKey>;
  close(): Promise<void>;
}

export interface TestDialectOptions {
  readonly installation?: InstallationOptions;
  /** Instead of one of its own, which `close` would close. */
  readonly on?: Installation;
  readonly limits?: Partial<DialectLimits>;
  /** Instead of the installation's. */
  readonly logger?: Logger;
}

/** What the dialect is made with; the context logs where the door does. */
export interface TestSurroundings extends DialectSurroundings {
  readonly context: Installation['context'];
}

/** `matches`: which requests the front door lets through to it, all of them by default. */
export async function openTestDialect(
  { on, installation: options, limits, logger: ownLogger }: TestDialectOptions,
  create: (surroundings: TestSurroundings) => FastifyInstance,
  matches: (request: IncomingMessage) => boolean = () => true,
): Promise<TestDialect> {
  const installation = on ?? (await createInstallation(options));
  const { context, metrics } = installation;
  const logger = ownLogger ?? context.logger;
  const app = create({
    context: { ...context, logger },
    limits: { requestsPerMinute: 0, requestSeconds: 30, clockMs: 900_000, ...limits },
    metrics: metrics.requests,
  });
  const door = await openFrontDoor({
    host: '127.0.0.1',
    port: 0,
    requestSeconds: 30,
    doors: [{ matches, app }],
    logger,
    onRefusedConnection() {},
  });
  const caller = await installation.newCaller();
  let users = 0;
  const newKey = async (role: Role = 'owner', of: Caller = caller) => {
    users += 1;
    const { result: user } = await createUser(context, of, { name: `user-${users}`, role });
    const { id, secret } = await createAccessKey(context, of, user.id, { description: '' });
    return { accessKeyId: id, secret };
  };
  return {
    installation,
    url: door.url,
    caller,
    key: await newKey(),
    newKey,
    async close() {
      await door.close();
      if (on === undefined) await installation.close();
    },
  };
}
