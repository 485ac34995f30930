import { describe, expect, it } from 'vitest';
import { FaultError } from '../../shared/faults.ts';
import { commonFaults } from '../common-faults.ts';
import { messageOf } from '../fault.ts';
import { addressOf, folderUrl, objectFaults, objectUrl, requireSameRegion } from './object-url.ts';

const faultOf = (work: () => unknown): FaultError => {
  try {
    work();
  } catch (error) {
    if (error instanceof FaultError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
};

describe('the address of an object', () => {
  it.each([
    ['https://images.s3.cn-north-1.jdcloud-oss.com/linux/system_img.raw', 'images', 'linux/system_img.raw'],
    ['https://s3.cn-north-1.jdcloud-oss.com/images/linux/system_img.raw', 'images', 'linux/system_img.raw'],
    ['https://images.s3-internal.cn-north-1.jdcloud-oss.com/a.raw', 'images', 'a.raw'],
    ['http://s3-internal.cn-north-1.jdcloud-oss.com/images/a.raw', 'images', 'a.raw'],
    ['https://images.s3-ipv6.cn-north-1.jdcloud-oss.com/a.raw', 'images', 'a.raw'],
    ['https://my.images.s3.cn-north-1.jdcloud-oss.com/a.raw', 'my.images', 'a.raw'],
    ['HTTPS://Images.S3.cn-north-1.JDCloud-OSS.com:443/A.raw', 'images', 'A.raw'],
    ['https://images.s3.cn-north-1.jdcloud-oss.com/%E9%95%9C%E5%83%8F%20a%2Bb+c%23.raw', 'images', '镜像 a+b+c#.raw'],
    ['https://s3.cn-north-1.jdcloud-oss.com/images/%E9%95%9C%2Fa.raw', 'images', '镜/a.raw'],
    ['https://images.s3.cn-north-1.jdcloud-oss.com/a.raw?AWSAccessKeyId=x&Signature=y', 'images', 'a.raw'],
    // As whoever fetched it would ask for it.
    ['https://images.s3.cn-north-1.jdcloud-oss.com/a/../b.raw', 'images', 'b.raw'],
  ])('is read: %s', (url, bucket, object) => {
    expect(objectUrl.read(url, 'imageUrl')).toEqual({ region: 'cn-north-1', bucket, object });
  });

  it.each([
    'a.raw',
    'images:a.raw',
    'ftp://images.s3.cn-north-1.jdcloud-oss.com/a.raw',
    'file:///etc/passwd',
    'https://169.254.169.254/latest/meta-data',
    'https://images.s3.cn-north-1.amazonaws.com/a.raw',
    'https://images.s3.cn-north-1.jdcloud-oss.com.example.org/a.raw',
    'https://example.org/images.s3.cn-north-1.jdcloud-oss.com/a.raw',
    'https://jdcloud-oss.com/images/a.raw',
    'https://imagess3.cn-north-1.jdcloud-oss.com/a.raw',
    'https://images.s3.cn-north-1.x.jdcloud-oss.com/a.raw',
    'https://images.s3.cn-north-1.jdcloud-oss.com@example.org/a.raw',
    'https://user:word@images.s3.cn-north-1.jdcloud-oss.com/a.raw',
    'https://images.s3.cn-north-1.jdcloud-oss.com:8443/a.raw',
    'https://images.s3.cn-north-1.jdcloud-oss.com/a.raw#b',
    'https://images.s3.cn-north-1.jdcloud-oss.com/%FF.raw',
    'https://images.s3.cn-north-1.jdcloud-oss.com/',
    'https://s3.cn-north-1.jdcloud-oss.com/images',
    'https://s3.cn-north-1.jdcloud-oss.com//a.raw',
    7,
  ])('is refused: %s', (url) => {
    expect(faultOf(() => objectUrl.read(url, 'imageUrl')).fault).toBe(commonFaults.parameterInvalid);
  });

  it('counts as none when it is empty', () => {
    expect(objectUrl.read('', 'imageUrl')).toBeUndefined();
  });

  it('is what an answer says of an object', () => {
    const place = { region: 'cn-north-1', bucket: 'images', object: '镜像/a+b #?.raw' };
    expect(addressOf(place)).toBe('https://images.s3.cn-north-1.jdcloud-oss.com/%E9%95%9C%E5%83%8F/a%2Bb%20%23%3F.raw');
    expect(objectUrl.read(addressOf(place), 'imageUrl')).toEqual(place);
  });
});

it.each([
  ['https://images.s3.cn-north-1.jdcloud-oss.com', ''],
  ['https://images.s3-internal.cn-north-1.jdcloud-oss.com/', ''],
  ['https://s3.cn-north-1.jdcloud-oss.com/images', ''],
  ['https://s3.cn-north-1.jdcloud-oss.com/images/', ''],
  ['https://s3.cn-north-1.jdcloud-oss.com/images/nightly/', 'nightly/'],
  ['https://images.s3.cn-north-1.jdcloud-oss.com/nightly', 'nightly'],
])('the address of a bucket or a folder is read: %s', (url, object) => {
  expect(folderUrl.read(url, 'ossUrl')).toEqual({ region: 'cn-north-1', bucket: 'images', object });
});

it('an address in another region is refused with both regions', () => {
  const place = { region: 'cn-east-2', bucket: 'images', object: 'a.raw' };
  expect(() => requireSameRegion(place, 'cn-east-2')).not.toThrow();
  const refused = faultOf(() => requireSameRegion(place, 'cn-north-1'));
  expect(messageOf(refused)).toBe("OssRegion 'cn-east-2' not match current region 'cn-north-1'");
  expect(refused.fault).toMatchObject({ status: 400, code: 'CONFLICT', when: objectFaults.regionMismatch.when });
});
