import { Secret } from '../../src/lib/secret.ts';
import { createS3Store } from '../../src/objects/drivers/s3/s3-store.ts';
import type { ObjectStore } from '../../src/objects/object-store.ts';
import type { ObjectServer } from './object-server.ts';

/** What a Mimeo that is configured with the server has. */
export function openObjectServer({ url: endpoint, accessKeyId }: ObjectServer, timeoutMs = 2000): ObjectStore {
  const secretAccessKey = new Secret('secret-of-the-object-store');
  return createS3Store({
    ...{ endpoint, accessKeyId, secretAccessKey, timeoutMs },
    region: 'us-east-1',
    pathStyle: true,
    attempts: 1,
  });
}
