import { demandFirst } from '../../app/act.ts';
import type { AppContext, Caller } from '../../app/context.ts';
import type { Action } from '../../domain/authorization.ts';
import type { Resource } from '../../domain/event.ts';
import type { DeedType } from '../../domain/event-types.ts';

export interface AskedAbout {
  /** Of what the request names, in its own words; of the right's kind, and without an id, where it does not say. */
  readonly resource?: Partial<Resource>;
  readonly region?: string | null | undefined;
  /** What events call it, where the right covers more. */
  readonly deed?: DeedType | undefined;
}

/**
 * Refuses a caller who may not do such a thing at all, before anything else about the request is looked at. The refusal
 * does not tell whether what is named is there, nor how it is: that is what the caller may not ask.
 */
export async function demandRight(
  context: AppContext,
  caller: Caller,
  right: Action,
  { resource = {}, region = null, deed }: AskedAbout,
): Promise<void> {
  const kind = right.slice(0, right.indexOf('.'));
  const about = { resource: { type: kind, id: '', ...resource }, region };
  await demandFirst(context, caller, right, { ...about, ...(deed !== undefined && { type: deed }) });
}
