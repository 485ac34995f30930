import { expect, it } from 'vitest';
import { readQuery } from './request.ts';

it('reads what follows a request’s path by name, the first of each', () => {
  expect(readQuery('/v2/images?name=why?&name=b&limit=1+2%203')).toEqual({ name: 'why?', limit: '1 2 3' });
});
