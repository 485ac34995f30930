import { describe, expect, it } from 'vitest';
import { readQuery, searchOf } from './request.ts';

describe('what follows a request’s path', () => {
  it.each([
    ['/v2/images', ''],
    ['/v2/images?', ''],
    ['/v2/images?name=a', 'name=a'],
    ['/v2/images?name=why?&limit=1', 'name=why?&limit=1'],
  ])('of %s is %j', (url, search) => {
    expect(searchOf(url)).toBe(search);
  });

  it('is read by name, the first of each', () => {
    expect(readQuery('/v2/images?name=why?&name=b&limit=1+2%203')).toEqual({ name: 'why?', limit: '1 2 3' });
  });
});
