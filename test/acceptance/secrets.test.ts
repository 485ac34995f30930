/** The files of a server that has stopped are searched for secrets (mimeo.ts), and one that stands there is found. */
import { expect, it } from 'vitest';
import { createInstallation } from './mimeo.ts';

it('a secret in the database of a server is found in its files', async () => {
  const mimeo = await createInstallation();
  try {
    await mimeo.start();
    const { secret } = await mimeo.json<{ secret: string }>('access-key', 'create', '--user', 'owner');
    await mimeo.json('access-key', 'create', '--user', 'owner', '--description', secret);
  } finally {
    const found = /^postgres\/data\/base\/\d+\/\d+: what a command has told, as it is$/m;
    await expect(mimeo.remove()).rejects.toThrow(found);
  }
}, 60_000);
