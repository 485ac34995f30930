import { expect, it } from 'vitest';
import { describeUser, listUsers } from './users.ts';

it('knows root', async () => {
  expect(await listUsers()).toContainEqual({ name: 'root', uid: 0, gid: 0 });
  expect(await describeUser(0)).toBe('root');
});

it('describes a user whom the list does not have by the number', async () => {
  expect(await describeUser(3_999_999)).toBe('the user with the number 3999999');
});
