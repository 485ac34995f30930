import type { AppContext, Caller } from '../../app/context.ts';
import type { Resource } from '../../domain/event.ts';
import { demandRight } from '../shared/rights.ts';
import type { Operation } from './operation.ts';
import type { Values } from './parameters.ts';

/** The right that the operation takes, {@link demandRight} of it. So early the cloud asks, too (§1.6). */
export async function requireRight(
  context: AppContext,
  caller: Caller,
  { right, deed }: Operation,
  values: Values,
): Promise<void> {
  if (right === null) return;
  await demandRight(context, caller, right, { resource: resourceOf(values), region: values.get('RegionId'), deed });
}

const kinds = { ImageId: 'image', SnapshotId: 'snapshot', TaskId: 'task', KeyId: 'key' } as const;

/** What the event of a refusal is about, in the request's own words. */
function resourceOf(values: Values): Partial<Resource> {
  for (const [name, type] of Object.entries(kinds)) {
    const id = values.get(name);
    if (id !== undefined) return { type, id };
  }
  return {};
}
