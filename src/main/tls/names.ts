/** The names that a server certificate vouches for: the clouds' own hosts, this machine, and what people add. */
import { isIP, isIPv6 } from 'node:net';

/** What the clouds' hosts are below. */
export const vendorDomains = [
  'myhuaweicloud.com',
  'myhuaweicloud.eu',
  'otc.t-systems.com',
  'aliyuncs.com',
  'jdcloud-api.com',
] as const;

export const localNames = ['localhost', '127.0.0.1', '::1'] as const;

/**
 * The clouds' hosts as their clients spell them, for the regions of this installation. A wildcard stands for one label, so that
 * `ims.cn-north-1.myhuaweicloud.com` and `iam.myhuaweicloud.com` take one each.
 */
export function vendorNames(regions: readonly string[]): string[] {
  const global = vendorDomains.map((domain) => `*.${domain}`);
  const regional = regions.flatMap((region) => [
    `*.${region}.myhuaweicloud.com`,
    `*.${region}.myhuaweicloud.eu`,
    `*.${region}.otc.t-systems.com`,
    `*.${region}.aliyuncs.com`,
    // JD Cloud's hosts inside a private network; the others carry no region.
    `*.internal.${region}.jdcloud-api.com`,
  ]);
  return [...global, ...regional];
}

const domains = vendorDomains.join('|').replaceAll('.', '\\.');
const vendorName = new RegExp(`^\\*\\.((internal\\.)?[^.]+\\.)?(${domains})$`);

/** Whether a certificate of ours has this name unasked, for some region or for all. */
export function isOwnName(name: string): boolean {
  return localNames.some((local) => local === name) || vendorName.test(name);
}

const label = /^[a-z\d]([a-z\d-]{0,61}[a-z\d])?$/;

/** A host name, a wildcard or an address in the one spelling that certificates know; undefined for anything else. */
export function parseHost(text: string): string | undefined {
  if (isIPv6(text)) return text.includes('%') ? undefined : new URL(`http://[${text}]`).hostname.slice(1, -1);
  if (isIP(text)) return text;
  const name = text.toLowerCase();
  const labels = name.replace(/^\*\./, '').split('.');
  // Clients take no wildcard for all of a top-level domain.
  const isWide = name.startsWith('*.') && labels.length < 2;
  const isNumber = /^\d+$/.test(labels.at(-1) ?? '');
  if (isWide || isNumber || name.length > 253 || !labels.every((each) => label.test(each))) return undefined;
  return name;
}
