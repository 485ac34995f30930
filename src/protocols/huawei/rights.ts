/** May the caller do such a thing at all? Asked before anything else about the request is looked at. */
import { demandFirst } from '../../app/act.ts';
import type { AppContext, Caller } from '../../app/context.ts';
import type { Operation } from './operation.ts';

/** A refusal tells nothing of what is named: whether it is there, and how it is, is what the caller may not ask. */
export async function requireRight(
  context: AppContext,
  caller: Caller,
  { right }: Operation,
  path: Readonly<Record<string, string>>,
): Promise<void> {
  if (right === null || right === 'open') return;
  const { image_id: image, project_id: _, ...others } = path;
  const type = right.slice(0, right.indexOf('.'));
  // An image that is named in the body is not known yet.
  const unnamed = { type, id: type === 'image' ? '' : (Object.values(others).at(-1) ?? '') };
  const resource = image === undefined ? unnamed : { type: 'image', id: image };
  await demandFirst(context, caller, right, { resource, region: null });
}
