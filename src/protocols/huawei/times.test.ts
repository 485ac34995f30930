import { expect, it } from 'vitest';
import { agencyTime, identityTime, jobTime } from './times.ts';

it('images have seconds, jobs milliseconds, both in UTC', () => {
  const at = Date.UTC(2026, 2, 7, 1, 17, 50, 46);
  expect(jobTime(at)).toBe('2026-03-07T01:17:50.046Z');
  expect(jobTime(Date.UTC(2026, 0, 1))).toBe('2026-01-01T00:00:00.000Z');
});

it('IAM has microseconds, and agencies do not say that it is UTC', () => {
  const at = Date.UTC(2026, 2, 7, 1, 17, 50, 46);
  expect(identityTime(at)).toBe('2026-03-07T01:17:50.046000Z');
  expect(agencyTime(at)).toBe('2026-03-07T01:17:50.046000');
});
