import { expect, it } from 'vitest';
import { createLogger } from '../../../src/telemetry/logger.ts';
import { learnSecret } from './known-secrets.ts';
import { findSecretsInLogs, watchLogs } from './scan-logs.ts';

it('finds a secret in what any logger writes, by the member of the line', () => {
  watchLogs();
  const secret = 'correct horse battery staple';
  learnSecret(secret, 'a password');
  const logger = createLogger('info', { write() {} });
  logger.info({ password: secret }, 'redacted');
  logger.debug({ note: secret }, 'not written at this level');
  expect(findSecretsInLogs()).toEqual([]);

  logger.child({ job: 1 }).warn({ error: new Error(`it is "${secret}"`) }, 'failed');
  logger.info({}, `it is ${secret}`);
  const found = findSecretsInLogs();
  expect(found).toContain('log line, error.message: a password, as it is');
  expect(found).toContain('log line, msg: a password, as it is');
  expect(found.join()).not.toContain(secret);
});
