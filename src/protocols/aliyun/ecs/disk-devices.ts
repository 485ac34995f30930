/** Which disk is which, as CreateImage and ImportImage are told: `/dev/xvda` is the system disk. */
import type { DiskRole } from '../../../domain/image.ts';
import { FaultError } from '../../shared/faults.ts';
import type { Fault } from '../fault.ts';
import { text } from '../parameters.ts';

export function deviceText(malformed: Fault) {
  return text({ rule: '/dev/xvda to /dev/xvdz', fault: malformed, matches: /^\/dev\/xvd[a-z]$/ });
}

/** Undefined where nothing is said. */
export function roleOf(device: string | undefined): DiskRole | undefined {
  if (device === undefined) return undefined;
  return device === '/dev/xvda' ? 'system' : 'data';
}

export function refuseSharedDevice(mappings: readonly { readonly Device: string | undefined }[], fault: Fault): void {
  const devices = mappings.flatMap(({ Device }) => Device ?? []);
  if (new Set(devices).size < devices.length) throw new FaultError(fault);
}
