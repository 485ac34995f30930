import { describe, expect, test } from 'vitest';
import { isOwnName, parseHost, vendorNames } from './names.ts';

/** Whether a certificate with `names` is good for `host`: a wildcard stands for one label, as clients have it. */
const covers = (names: readonly string[], host: string) =>
  names.some((name) => name === host || name === `*.${host.split('.').slice(1).join('.')}`);

describe('the names of the clouds', () => {
  test.each([
    'ims.cn-north-1.myhuaweicloud.com',
    'iam.cn-north-1.myhuaweicloud.com',
    'kms.cn-north-1.myhuaweicloud.com',
    'iam.myhuaweicloud.com',
    'ims.eu-west-101.myhuaweicloud.eu',
    'iam.myhuaweicloud.eu',
    'ims.eu-de.otc.t-systems.com',
    'iam.eu-de.otc.t-systems.com',
    'kms.eu-de.otc.t-systems.com',
    'ecs.cn-north-1.aliyuncs.com',
    'ecs-cn-hangzhou.aliyuncs.com',
    'ecs.aliyuncs.com',
    'sts.aliyuncs.com',
    'location-readonly.aliyuncs.com',
    'vm.jdcloud-api.com',
    'disk.jdcloud-api.com',
    'vm.internal.cn-north-1.jdcloud-api.com',
  ])('%s', (host) => {
    expect(covers(vendorNames(['cn-north-1', 'eu-de', 'eu-west-101']), host)).toBe(true);
  });

  test('a region that is not configured is not vouched for', () => {
    expect(covers(vendorNames(['cn-north-1']), 'ims.cn-north-4.myhuaweicloud.com')).toBe(false);
  });

  test('are told from those that people gave', () => {
    const own = [...vendorNames(['eu-de']), 'localhost', '127.0.0.1', '::1'];
    expect(own.filter((name) => !isOwnName(name))).toEqual([]);
    const given = ['mimeo.example.com', '192.0.2.7', '*.notaliyuncs.com', 'ims.eu-de.otc.t-systems.com'];
    expect([...given, '*.eu-ch2.sc.otc.t-systems.com'].filter(isOwnName)).toEqual([]);
  });
});

describe('parseHost', () => {
  test.each([
    ['Mimeo.Example.com', 'mimeo.example.com'],
    ['mimeo', 'mimeo'],
    ['*.lab.example', '*.lab.example'],
    ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
    ['192.0.2.7', '192.0.2.7'],
    ['2001:DB8:0:0::7', '2001:db8::7'],
    ['::ffff:192.0.2.7', '::ffff:c000:207'],
  ])('%s is %s', (text, name) => {
    expect(parseHost(text)).toBe(name);
  });

  test.each([
    ['', 'nothing'],
    ['https://mimeo.example.com', 'a URL'],
    ['mimeo.example.com:443', 'a port'],
    ['[::1]', 'brackets'],
    ['fe80::1%eth0', 'a zone'],
    ['192.0.2.300', 'no address'],
    ['192.0.2.0/24', 'a network'],
    ['*', 'all names'],
    ['*.com', 'all of a top-level domain'],
    ['a.*.example.com', 'a wildcard inside'],
    ['-a.example', 'a hyphen at an edge'],
    ['a..example', 'an empty label'],
    ['mimeo.example.com.', 'an empty label at the end'],
    ['bücher.example', 'not ASCII'],
    [`${'a'.repeat(64)}.example`, 'a long label'],
    [`${'a.'.repeat(126)}aa`, 'a long name'],
  ])('%s is refused: %s', (text) => {
    expect(parseHost(text)).toBeUndefined();
  });
});
