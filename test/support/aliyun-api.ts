/** Alibaba Cloud's dialect on an installation of its own, listening, with a client for whoever is to call it. */
import type { Caller } from '../../src/app/context.ts';
import type { Role } from '../../src/domain/principal.ts';
import { hasPath } from '../../src/main/front-door.ts';
import { createAliyun } from '../../src/protocols/aliyun/app.ts';
import type { Page } from '../../src/protocols/aliyun/fault.ts';
import { type AliyunClient, createAliyunClient } from './aliyun-client.ts';
import { checked } from './aliyun-published.ts';
import { openTestDialect, type TestDialect, type TestDialectOptions, type TestKey } from './dialect-api.ts';
import { regions } from './installation.ts';

export interface TestAliyun extends TestDialect {
  readonly client: AliyunClient;
  /** A user of the role in the caller's account, or in another's: a client that signs with the user's key. */
  newClient(role?: Role, caller?: Caller): Promise<AliyunClient>;
}

export interface TestAliyunOptions extends TestDialectOptions {
  readonly page?: Page;
}

export async function createTestAliyun(options: TestAliyunOptions = {}): Promise<TestAliyun> {
  const { page = 'newer' } = options;
  const dialect = await openTestDialect(
    options,
    ({ context, ...surroundings }) => createAliyun({ ...surroundings, context: { ...context, page, regions } }),
    hasPath('/'),
  );
  const { url, key, newKey } = dialect;
  const clientOf = (signing: TestKey) => checked(createAliyunClient({ url, ...signing }), page);
  return {
    ...dialect,
    client: clientOf(key),
    newClient: async (role, of) => clientOf(await newKey(role, of)),
  };
}
