import type { IncomingMessage } from 'node:http';
import { expect, it } from 'vitest';
import { isHuawei } from './paths.ts';

const asked = (method: string, url: string, headers = {}) => isHuawei({ method, url, headers } as IncomingMessage);

it.each([
  '/v1/cloudimages/quota',
  '/v2/images?limit=1',
  '/v2.1/cloudimages/action',
  '/v3',
  '/v3/',
  '/v3/auth/tokens',
  '/v3.0/OS-AGENCY/agencies',
  '/versions',
  '/v2',
  '/',
])('takes GET %s', (url) => {
  expect(asked('GET', url)).toBe(true);
});

it('leaves the others theirs', () => {
  expect(asked('GET', '/?Action=DescribeImages')).toBe(false);
  expect(asked('GET', '/?')).toBe(false);
  expect(asked('POST', '/')).toBe(false);
  expect(asked('GET', '/', { 'x-acs-action': 'DescribeImages' })).toBe(false);
  for (const url of ['/api/v1/images', '/healthz', '/metrics', '/v4/images', '/version', '/v11/x']) {
    expect(asked('GET', url), url).toBe(false);
  }
});
