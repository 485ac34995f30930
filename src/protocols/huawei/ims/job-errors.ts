/** Why jobs failed, in the codes of the service's error table (reference §9.2); the reason is in Mimeo's own words. */
import type { FailureCode } from '../../../domain/failure.ts';
import { commonFaults } from '../common-faults.ts';
import { imageFaults } from '../image-faults.ts';
import { copyFaults, crossRegionCopyFaults } from './copy-faults.ts';

export interface JobError {
  readonly code: string;
  readonly reason: string;
}

/** What the service's table has no code for is its unknown error. */
const unknown = commonFaults.systemError.code;

const codes: Readonly<Record<FailureCode, string>> = {
  'source-gone': imageFaults.imageNotFound.code,
  'not-permitted': commonFaults.forbidden.code,
  'image-damaged': imageFaults.imageUnavailable.code,
  'destination-full': unknown,
  'store-unavailable': unknown,
  'database-unavailable': unknown,
  'object-store-unavailable': imageFaults.objectNotFound.code,
  'key-provider-unavailable': unknown,
  'key-disabled': copyFaults.keyDisabled.code,
  'key-gone': copyFaults.keyNotFound.code,
  'key-denied': copyFaults.keyDenied.code,
  'source-key-disabled': copyFaults.sourceKeyDisabled.code,
  'source-key-gone': copyFaults.sourceKeyNotFound.code,
  'source-key-denied': copyFaults.sourceKeyDenied.code,
  'object-gone': imageFaults.objectNotFound.code,
  'object-denied': imageFaults.objectNotFound.code,
  'format-refused': imageFaults.objectNotFound.code,
  'attempts-exhausted': unknown,
  internal: unknown,
};

interface Ended {
  readonly failure: { readonly code: FailureCode; readonly message: string } | null;
  /** Of a copy between regions. */
  readonly agency?: string | null;
}

/** Of one that has failed or was cancelled. */
export function jobErrorOf({ failure, agency = null }: Ended): JobError {
  if (failure === null) return { code: unknown, reason: 'The job was cancelled.' };
  const isAgency = failure.code === 'not-permitted' && agency !== null;
  return { code: isAgency ? crossRegionCopyFaults.agencyDenied.code : codes[failure.code], reason: failure.message };
}
