/** Which addresses may be connected to for somebody else (SSRF): what is not known to be public is refused. */
import ipaddr from 'ipaddr.js';

export interface AddressPolicy {
  /** Whether loopback and private addresses are allowed too. */
  readonly allowPrivate: boolean;
}

/** What the operator's own services listen on. Link-local is not among them: cloud metadata services are there. */
const privateRanges: ReadonlySet<string> = new Set(['loopback', 'private', 'uniqueLocal', 'carrierGradeNat']);

/** The global unicast of today (RFC 4291, 2.4); outside of it are, among others, `::1.2.3.4` and NAT64's `64:ff9b::/96`. */
const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3');

/** Where metadata and host services of clouds answer although the address looks like any other of its range. */
const cloudServices: ReadonlySet<string> = new Set(['168.63.129.16', '100.100.100.200', 'fd00:ec2::254']);

/** `address` as the resolver or a URL has it; anything that is not a plain address of one machine is refused. */
export function isAllowedAddress(address: string, { allowPrivate }: AddressPolicy): boolean {
  // A zone (`%eth0`) makes sense for link-local addresses only.
  if (!isCanonicalAddress(address) || address.includes('%')) return false;
  const parsed = ipaddr.parse(address);
  if (cloudServices.has(parsed.toString())) return false;
  const range = parsed.range();
  if (privateRanges.has(range)) return allowPrivate;
  // IPv4 inside IPv6 (mapped, 6to4, Teredo, NAT64) is a range of its own in each case, and so refused.
  return range === 'unicast' && (parsed instanceof ipaddr.IPv4 || parsed.match(globalUnicast));
}

/** Four decimal numbers, or IPv6: no `127.1`, `0x7f000001` or `0177.0.0.1`, which some parsers read as addresses as well. */
function isCanonicalAddress(address: string): boolean {
  return ipaddr.IPv4.isValidFourPartDecimal(address) || ipaddr.IPv6.isValid(address);
}
