/**
 * Host names tell service and region: `ims.eu-de.otc.t-systems.com` (reference §1.1). Whoever comes by another name, an address
 * for instance, says by his project which region he means.
 */

/** Services that have host names of their own. */
const named = ['ims', 'iam', 'kms', 'eps'] as const;
export type NamedService = (typeof named)[number];

/** Of these a name without a region is the whole cloud's: `iam.myhuaweicloud.com`. */
const global: ReadonlySet<string> = new Set<NamedService>(['iam', 'eps']);

export interface Hosts {
  /** Undefined where the host's name tells none. */
  readonly service: NamedService | undefined;
  /** Of a service's host; whether there is such a region is not said. Undefined where the name tells none. */
  readonly region: string | undefined;
  /** Where the client reaches a service of a region, without a slash at its end. */
  urlOf(service: NamedService, region: string): string;
}

export type ReadHosts = (scheme: string, host: string) => Hosts;

/** DNS has no longer ones. */
const longestHost = 253 + ':65535'.length;

/**
 * `pattern`: `{service}.{region}.{domain}`, where any domain will do, or with a domain instead of the last. `regions`: those of
 * the configuration, by which a region is told from a part of the domain where both could be meant.
 */
export function createHosts(pattern: string, regions: readonly string[]): ReadHosts {
  const domain = pattern.slice('{service}.{region}.'.length);
  const isDomain = (text: string) => (domain === '{domain}' ? /^[a-z0-9.-]+$/.test(text) : text === domain);
  const known = new Set(regions);

  function read(name: string): { service: NamedService; region: string | undefined; domain: string } | undefined {
    const [first = '', second = '', ...rest] = name.split('.');
    const service = named.find((each) => each === first);
    // An address has no letters.
    if (service === undefined || !/[a-z]/.test(name.slice(first.length))) return undefined;
    const [inRegion, inCloud] = [rest.join('.'), name.slice(first.length + 1)];
    const isRegional = isDomain(inRegion) && (known.has(second) || (rest.length > 1 && !global.has(service)));
    if (isRegional) return { service, region: second, domain: inRegion };
    if (global.has(service) && isDomain(inCloud)) return { service, region: undefined, domain: inCloud };
    return isDomain(inRegion) && rest.length > 1 ? { service, region: second, domain: inRegion } : undefined;
  }

  return (scheme, host) => {
    const [, name = '', port = ''] =
      host.length > longestHost ? [] : (/^([^:]*)(:\d+)?$/.exec(host.toLowerCase()) ?? []);
    const found = read(name);
    return {
      service: found?.service,
      region: found?.region,
      urlOf: (wanted, of) => `${scheme}://${found === undefined ? host : `${wanted}.${of}.${found.domain}${port}`}`,
    };
  };
}
