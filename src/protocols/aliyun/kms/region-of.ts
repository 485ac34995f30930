import { RefusalError } from '../../../domain/refusal.ts';
import type { AliyunContext } from '../operation.ts';

/** `kms.cn-hangzhou.aliyuncs.com`, or from within a network `kms-vpc.…`. */
const ownHost = /^kms(?:-vpc)?\.(?<region>[^.]+)\.aliyuncs\.com(?::\d+)?$/i;

interface Asked {
  readonly context: AliyunContext;
  readonly parameters: { readonly RegionId: string | undefined };
  readonly host: string;
}

/**
 * Where a request's keys lie. The KMS has no parameter for it: its clients call the region's own host. A `RegionId`, which some
 * send all the same, goes before it; one that says neither is about the first region.
 */
export function regionOf({ context: { regions }, parameters, host }: Asked): string {
  const region = parameters.RegionId ?? ownHost.exec(host)?.groups?.region?.toLowerCase() ?? regions[0];
  if (region === undefined || !regions.includes(region)) {
    throw new RefusalError('region.not-found', { region: region ?? '' });
  }
  return region;
}
