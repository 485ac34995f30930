/** How images are imported from objects that requests have named. */

import type { AppContext, Caller } from '../../../app/context.ts';
import { keepReceipt } from '../../../app/receipts.ts';
import { type ImportImageCommand, importImages } from '../../../app/tasks/import-image.ts';
import type { DiskFormat } from '../../../domain/image.ts';
import type { RefusalFacts } from '../../../domain/refusal.ts';
import { GiB } from '../../../lib/gibibytes.ts';
import { FaultError } from '../../shared/faults.ts';
import type { RefusalFaults } from '../../shared/refusals.ts';
import type { Answer } from '../operation.ts';
import { acceptedJob } from './accepted-job.ts';
import { importFaults as faults, quickImportFaults } from './import-faults.ts';
import { jobTypes } from './job-types.ts';
import { keyRefusals } from './key-faults.ts';
import { type ObjectPlace, objectRefusals } from './object-place.ts';

/** Bytes of an object that is imported in the ordinary way. */
const mostOrdinary = 128 * GiB;
const mostQuick = 1024 * GiB;

/** What is known of an object before its bytes are: who names a file after a format says that it has it. */
type ImportedObject = Pick<ImportImageCommand['disks'][number], 'bucket' | 'object' | 'format' | 'size' | 'most'>;

/** Of any format that is kept, which is found from the bytes. */
export function ordinaryObject(place: ObjectPlace, format: DiskFormat | null = null): ImportedObject {
  refuseForeign(place);
  return { ...place, format, size: null, most: mostOrdinary };
}

/** A raw disk, no larger than instances are to have it. */
export function quickObject(place: ObjectPlace, minDisk: number): ImportedObject {
  refuseForeign(place);
  if (/\.(qcow2|vmdk|vhdx?|qed|vdi|iso)$/i.test(place.object)) throw new FaultError(quickImportFaults.notQuick);
  return { ...place, format: 'raw', size: null, most: Math.min(minDisk * GiB, mostQuick) };
}

/** Their bytes tell nothing, and would be kept for a raw disk's. */
function refuseForeign({ object }: ObjectPlace): void {
  if (/\.zvhd2?$/i.test(object)) throw new FaultError(faults.formatUnsupported);
}

export const importRefusals = {
  ...objectRefusals,
  ...keyRefusals,
  'object.size': wrongSize,
} as const satisfies RefusalFaults;

function wrongSize({ size }: RefusalFacts['object.size']): FaultError {
  if (size === 0) return new FaultError(faults.objectNotFound);
  return new FaultError(faults.objectTooLarge);
}

/** Makes all of the images or none, and answers with their job: of one image its task, of several a receipt that names the tasks. */
export async function startImports(
  { context, caller }: { readonly context: AppContext; readonly caller: Caller },
  commands: readonly ImportImageCommand[],
): Promise<Answer> {
  let job = '';
  await importImages(context, caller, commands, {
    async also(db, tasks) {
      const [first, ...others] = tasks.map(({ id }) => id);
      const receipt = { kind: jobTypes.importImage, result: { tasks: [first, ...others] } };
      job = others.length === 0 ? (first as string) : (await keepReceipt({ ...context, db }, caller, receipt)).id;
    },
  });
  return acceptedJob(job);
}
