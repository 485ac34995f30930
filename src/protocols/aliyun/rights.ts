/** May the caller do such a thing at all? Asked before anything else about the request is looked at, as the cloud does (§1.6). */
import { demandFirst } from '../../app/act.ts';
import type { AppContext, Caller } from '../../app/context.ts';
import type { Action } from '../../domain/authorization.ts';
import type { Resource } from '../../domain/event.ts';
import type { Operation } from './operation.ts';
import type { Values } from './parameters.ts';

/** A refusal tells nothing of what is named: whether it is there, and how it is, is what the caller may not ask. */
export async function requireRight(
  context: AppContext,
  caller: Caller,
  { right }: Operation,
  values: Values,
): Promise<void> {
  if (right === null) return;
  const about = { resource: resourceOf(values, right), region: values.get('RegionId') ?? null };
  await demandFirst(context, caller, right, about);
}

const kinds = { ImageId: 'image', SnapshotId: 'snapshot', TaskId: 'task' } as const;

/** What the event of a refusal is about, in the request's own words. */
function resourceOf(values: Values, right: Action): Resource {
  for (const [name, type] of Object.entries(kinds)) {
    const id = values.get(name);
    if (id !== undefined) return { type, id };
  }
  return { type: right.slice(0, right.indexOf('.')), id: '' };
}
