import { describe, expect, it } from 'vitest';
import { osPlatforms } from './os-versions-data.ts';

const all = osPlatforms([]).flatMap(({ version_list }) => version_list);
const names = (...tags: string[]) =>
  osPlatforms(tags).flatMap(({ version_list }) => version_list.map(({ os_version }) => os_version));

describe('osPlatforms', () => {
  it('has each name once, as its own key', () => {
    expect(new Set(names()).size).toBe(all.length);
    expect(all.filter((each) => each.os_version_key !== each.os_version || each.os_version.includes('*'))).toEqual([]);
  });

  it.each([
    ['CentOS', 'CentOS 7.3 64bit', 64, 'Linux'],
    ['CentOS', 'CentOS 7.0 32bit', 32, 'Linux'],
    ['Windows', 'Windows Server 2012 R2 Standard 64bit', 64, 'Windows'],
    ['CoreOS', 'CoreOS 1068.10.0', 64, 'Linux'],
    ['Other', 'Other(32 bit)', 32, 'Linux'],
    ['Other', 'Other Linux (64 bit)', 64, 'Linux'],
    ['Other', 'Other Windows(64 bit)', 64, 'Windows'],
  ])('reads from the name of %s: %s', (platform, name, os_bit, os_type) => {
    const found = { platform, os_version_key: name, os_version: name, os_bit, os_type };
    expect(all.filter(({ os_version }) => os_version === name)).toEqual([found]);
  });

  it('keeps what has all the tags', () => {
    expect(names('arm')).toContain('EulerOS 2.8 64bit');
    expect(names('x86')).not.toContain('EulerOS 2.8 64bit');
    expect(names('arm', 'bms')).not.toContain('Fedora 30 64bit');
    expect(names('bms_otc', 'uefi')).toEqual(names('uefi', 'bms'));
    expect(osPlatforms(['arm', 'of the moon'])).toEqual([]);
  });

  it('has fewer platforms with each tag, as Terraform tests', () => {
    const counts = [[], ['x86'], ['x86', 'bms']].map((tags) => osPlatforms(tags).length);
    expect(counts).toEqual(counts.toSorted((a, b) => b - a));
    expect(new Set(counts).size).toBe(3);
  });
});
