import { describe, expect, it } from 'vitest';
import { createHosts } from './hosts.ts';

const regions = ['eu-de', 'eu-nl', 'north'];
const anyDomain = createHosts('{service}.{region}.{domain}', regions);

describe('createHosts', () => {
  it.each([
    ['ims.eu-de.otc.t-systems.com', 'ims', 'eu-de'],
    ['IMS.cn-north-4.myhuaweicloud.com:8443', 'ims', 'cn-north-4'],
    ['ims.region-9.example.org', 'ims', 'region-9'],
    ['iam.eu-de.example.org', 'iam', 'eu-de'],
    ['iam.north.localhost:7443', 'iam', 'north'],
    ['ims.north.localhost', 'ims', 'north'],
    ['ims.example.org', undefined, undefined],
    ['eps.myhuaweicloud.com', 'eps', undefined],
    ['kms.eu-nl.otc.t-systems.com', 'kms', 'eu-nl'],
    ['iam.myhuaweicloud.com', 'iam', undefined],
    ['127.0.0.1:7420', undefined, undefined],
    ['[::1]:7420', undefined, undefined],
    ['localhost:7420', undefined, undefined],
    ['mimeo.example.org', undefined, undefined],
    ['ims.127.0.0.1', undefined, undefined],
    ['', undefined, undefined],
  ])('reads %s', (host, service, region) => {
    expect(anyDomain('https', host)).toMatchObject({ service, region });
  });

  it('names the other services as the client came', () => {
    const urlOf = (host: string) => anyDomain('https', host).urlOf('ims', 'eu-nl');
    expect(urlOf('iam.eu-de.otc.t-systems.com:8443')).toBe('https://ims.eu-nl.otc.t-systems.com:8443');
    expect(urlOf('iam.myhuaweicloud.com')).toBe('https://ims.eu-nl.myhuaweicloud.com');
    expect(urlOf('127.0.0.1:7420')).toBe('https://127.0.0.1:7420');
    expect(anyDomain('http', '[::1]:7420').urlOf('iam', 'eu-de')).toBe('http://[::1]:7420');
  });

  it('takes a name that is as long as a head may be for none, and at once', () => {
    const long = `iam.x.${'a'.repeat(60_000)}!`;
    const began = process.cpuUsage().user;
    expect(anyDomain('https', long)).toMatchObject({ service: undefined, region: undefined });
    // A pattern that goes back over it took 16 seconds.
    expect(process.cpuUsage().user - began).toBeLessThan(1_000_000);
  });

  it('believes no other domain than the one that is set', () => {
    const own = createHosts('{service}.{region}.cloud.example.org', regions);
    expect(own('https', 'ims.eu-de.cloud.example.org')).toMatchObject({ service: 'ims', region: 'eu-de' });
    expect(own('https', 'ims.eu-de.cloudXexample.org')).toMatchObject({ service: undefined, region: undefined });
    expect(own('https', 'ims.eu-de.example.org')).toMatchObject({ service: undefined, region: undefined });
    expect(own('https', 'iam.cloud.example.org').urlOf('ims', 'eu-de')).toBe('https://ims.eu-de.cloud.example.org');
  });
});
