import type { AppContext, Caller } from '../../app/context.ts';
import { demandRight } from '../shared/rights.ts';
import type { Operation } from './operation.ts';

/** The right that the operation takes, {@link demandRight} of it. */
export async function requireRight(
  context: AppContext,
  caller: Caller,
  { right, deed }: Operation,
  path: Readonly<Record<string, string>>,
): Promise<void> {
  if (right === null || right === 'open') return;
  const { image_id: image, project_id: _, ...others } = path;
  // What is named in the body is not known yet.
  const unnamed = right.startsWith('image.') ? {} : { id: Object.values(others).at(-1) ?? '' };
  const resource = image === undefined ? unnamed : { type: 'image', id: image };
  await demandRight(context, caller, right, { resource, deed });
}
