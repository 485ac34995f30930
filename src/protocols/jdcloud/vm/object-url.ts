/**
 * Where an object or a folder of a bucket lies, as requests and answers say it: by an address in JD Cloud's object
 * storage. Nothing is ever asked of that address: bucket and object are looked up in the installation's own object
 * store.
 */
import { FaultError } from '../../shared/faults.ts';
import type { Parameter } from '../../shared/parameters.ts';
import { commonFaults } from '../common-faults.ts';
import type { Faults } from '../fault.ts';
import { text } from '../parameters.ts';

export interface ObjectPlace {
  /** That the address names. */
  readonly region: string;
  readonly bucket: string;
  /** What follows the bucket, decoded; may be empty. */
  readonly object: string;
}

export const objectFaults = {
  regionMismatch: {
    status: 400,
    code: 'CONFLICT',
    message: "OssRegion '%s' not match current region '%s'",
    when: 'an address in object storage is of another region than the request',
  },
  noObjectStore: {
    status: 400,
    code: 'FAILED_PRECONDITION',
    message: 'Object storage is not available: the operator of this installation has to configure one',
    when: 'the installation is not told of an object store',
  },
  bucketNotFound: {
    status: 404,
    code: 'NOT_FOUND',
    message: "Bucket '%s' not found",
    when: 'the object store has no such bucket',
  },
  objectDenied: {
    status: 400,
    code: 'FAILED_PRECONDITION',
    message: "No permission to access '%s'",
    when: "the object store does not let the installation's key have the bucket or the object",
  },
} as const satisfies Faults;

const { parameterInvalid } = commonFaults;

/** For machines inside a region it has other names (`s3-internal`), and for IPv6. */
const hosts = /^(?:(?<bucket>.+)\.)?s3(?:-internal|-ipv6)?\.(?<region>[a-z0-9-]+)\.jdcloud-oss\.com$/;

/** Other hosts are refused before they are parsed: thousands of letters beyond ASCII would take a tenth of a second. */
const shape = /^https?:\/\/[a-z0-9.-]{1,255}(?::\d{1,5})?(?:[/?#]|$)/i;

/** Undefined for what is no such address. Its query is left out: it signs for a store that is not asked. */
function readAddress(address: string): ObjectPlace | undefined {
  const url = shape.test(address) ? URL.parse(address) : null;
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') return undefined;
  // Of a name with a raw # only a part would be left.
  if (url.port !== '' || url.hash !== '') return undefined;
  const { region, bucket } = hosts.exec(url.hostname)?.groups ?? {};
  if (region === undefined) return undefined;
  try {
    const path = url.pathname.slice(1);
    if (bucket !== undefined) return { region, bucket, object: decodeURIComponent(path) };
    const [first = '', ...rest] = path.split('/').map(decodeURIComponent);
    return first === '' ? undefined : { region, bucket: first, object: rest.join('/') };
  } catch {
    return undefined;
  }
}

function address(rule: string, isRight: (place: ObjectPlace) => boolean): Parameter<ObjectPlace | undefined> {
  const parameter = text({ rule });
  return {
    ...parameter,
    read(value, name) {
      const given = parameter.read(value, name);
      if (given === undefined || given === '') return undefined;
      const place = readAddress(given);
      if (place === undefined || !isRight(place)) throw new FaultError(parameterInvalid, name);
      return place;
    },
  };
}

const forms =
  'https://{bucket}.s3.{region}.jdcloud-oss.com/{object} or https://s3.{region}.jdcloud-oss.com/{bucket}/{object}';
const others = 'http and s3-internal do as well';

/** Of an object. */
export const objectUrl = address(`${forms}; ${others}, and a query is not read`, ({ object }) => object !== '');

/** Of a bucket, or a folder of one. */
export const folderUrl = address(
  `as of an object: ${forms}, where the object is a folder or nothing; ${others}`,
  () => true,
);

/** Refuses an address in another region than the request's. */
export function requireSameRegion({ region }: ObjectPlace, current: string): void {
  if (region === current) return;
  const message = `OssRegion '${region}' not match current region '${current}'`;
  throw new FaultError({ ...objectFaults.regionMismatch, message });
}

/** The address of the object as clients write it; of the bucket, if `object` is empty. */
export function addressOf({ region, bucket, object }: ObjectPlace): string {
  const path = object.split('/').map(encodeURIComponent).join('/');
  return `https://${bucket}.s3.${region}.jdcloud-oss.com${path === '' ? '' : `/${path}`}`;
}
