import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkBucketName,
  checkObjectName,
  checkObjectPrefix,
  exportName,
  mostExportBytes,
  partBytes,
} from './object-rules.ts';

const MiB = 1024 * 1024;

describe('names', () => {
  it.each(['abc', 'my-bucket.2', '0'.repeat(63)])('of a bucket may be %s', (name) => checkBucketName(name));
  it.each(['a-s3', 'a--b', 'a--op-s3x', 'mrap'])('of a bucket may be %s, too', (name) => checkBucketName(name));
  const aliases = ['a--op-s3', 'a--use1-az4--x-s3', 'a--ol-s3', 'a--xa-s3', 'a-s3alias', 'a.mrap', 'arn:aws:s3:::a'];
  it.each(['', 'ab', 'A-b', 'a/b', '-ab', 'ab-', 'a..b', '0'.repeat(64), ...aliases])(
    'of a bucket may not be %j',
    (name) => {
      expect(() => checkBucketName(name)).toThrow('request.invalid');
    },
  );

  it.each(['a', 'a b/ü.raw', '.a/b..', 'x'.repeat(1024)])('of an object may be %s', (name) => checkObjectName(name));
  it.each(['', '.', '../a', 'a/../b', 'a/.', 'a\0', 'a\n', '\ud800', 'ü'.repeat(513)])(
    'of an object may not be %j',
    (name) => {
      expect(() => checkObjectName(name)).toThrow('request.invalid');
    },
  );

  it.each(['out', 'a/b-c_1.x'])('may begin with %s', (prefix) => checkObjectPrefix(prefix));
  it.each(['', 'a b', '../a', 'a?b', 'x'.repeat(257)])('may not begin with %j', (prefix) => {
    expect(() => checkObjectPrefix(prefix)).toThrow('request.invalid');
  });

  it('tell the disks of an export apart', () => {
    const roles = ['system', 'data', 'data'] as const;
    const disks = roles.map((role, index) => ({ index, role, format: 'qcow2' as const }));
    expect(disks.map((disk) => exportName('out', 'm-1', disks, disk))).toEqual([
      'out_m-1_system.qcow2',
      'out_m-1_data_1.qcow2',
      'out_m-1_data_2.qcow2',
    ]);
  });
});

it('parts are whole MiB, of the size that S3 asks for, and not too many', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: mostExportBytes }), (size) => {
      const part = partBytes(size);
      expect(part % MiB).toBe(0);
      expect(part).toBeGreaterThanOrEqual(5 * MiB);
      expect(part).toBeLessThanOrEqual(64 * MiB);
      expect(Math.ceil(size / part)).toBeLessThanOrEqual(10_000);
    }),
  );
});
