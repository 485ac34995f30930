/**
 * Changes of an image as Glance takes them, in either of its media types: `{"op": "replace", "path": "/name", "value": …}`, and
 * the older `{"replace": "/name", "value": …}`, in which nothing can be added that is there.
 */
import type { ImageUpdate } from '../../../app/update-image.ts';
import type { Image } from '../../../domain/image.ts';
import { FaultError } from '../../shared/faults.ts';
import { isObject } from '../../shared/parameters.ts';
import { mediaTypeOf } from '../media-type.ts';
import { glanceFaults } from './glance-faults.ts';
import { changeBy, isBasic, isCustom, mergeChanges, removalOf } from './image-parameters.ts';

const { absent, invalid, notQueued, present } = glanceFaults;

const ops = ['add', 'replace', 'remove'] as const;

interface Change {
  readonly op: (typeof ops)[number];
  /** Of the attribute. */
  readonly name: string;
  readonly value: unknown;
}

export interface Patch {
  readonly changes: readonly Change[];
  /** What is there can be replaced, not added. */
  readonly addsAnew: boolean;
}

const mostChanges = 200;

/** The dialects of JSON patch by their media types: where a change has its operation and its path. */
const dialects = new Map<
  string,
  Pick<Patch, 'addsAnew'> & { read(change: Readonly<Record<string, unknown>>): unknown[] }
>([
  ['application/openstack-images-v2.1-json-patch', { addsAnew: false, read: ({ op, path }) => [op, path] }],
  [
    'application/openstack-images-v2.0-json-patch',
    {
      addsAnew: true,
      read(change) {
        const named = ops.filter((op) => Object.hasOwn(change, op));
        const [op = ''] = named;
        return named.length === 1 ? [op, change[op]] : [];
      },
    },
  ],
]);

/** `contentType`: with what else the header says. */
export function readPatch(contentType: string | undefined, body: unknown): Patch {
  const dialect = dialects.get(mediaTypeOf(contentType));
  if (dialect === undefined) throw new FaultError(glanceFaults.unsupportedMediaType);
  if (!Array.isArray(body)) throw new FaultError(invalid, 'the body is no array of changes');
  if (body.length > mostChanges) throw new FaultError(invalid, `at most ${mostChanges} changes at once`);
  const { addsAnew } = dialect;
  return { addsAnew, changes: body.map((change: unknown) => readChange(change, dialect.read)) };
}

function readChange(change: unknown, read: (change: Readonly<Record<string, unknown>>) => unknown[]): Change {
  if (!isObject(change)) throw new FaultError(invalid, 'a change is no object');
  const [asked, path] = read(change);
  const op = ops.find((each) => each === asked);
  if (op === undefined) throw new FaultError(invalid, `a change has one operation of ${ops.join(', ')}`);
  const [, pointer] = (typeof path === 'string' && /^\/([^/]+)$/.exec(path)) || [];
  if (pointer === undefined) throw new FaultError(invalid, 'the path of a change is / and a name');
  if (op !== 'remove' && !Object.hasOwn(change, 'value')) throw new FaultError(invalid, `${path} gets no value`);
  return { op, name: pointer.replaceAll('~1', '/').replaceAll('~0', '~'), value: change.value };
}

export interface PatchedImage {
  readonly update: ImageUpdate;
  /** It depends on what the image has. */
  readonly isConditional: boolean;
}

/** Later changes see what earlier ones have done. */
export function applyPatch(
  { properties, tags, state }: Pick<Image, 'properties' | 'tags' | 'state'>,
  { changes, addsAnew }: Patch,
): PatchedImage {
  const there = new Set(Object.keys(properties));
  const updates = changes.map(({ op, name, value }) => {
    const update = op === 'remove' ? removalOf(name) : changeBy(name, value, { tags });
    if (name.endsWith('_format') && !isCustom(name) && state !== 'queued') throw new FaultError(notQueued, name);
    const isThere = isBasic(name) || (isCustom(name) && there.has(name));
    if (op === 'add' && addsAnew && isThere) throw new FaultError(present, name);
    if (op !== 'add' && isCustom(name) && !isThere) throw new FaultError(absent, name);
    if (op === 'remove') there.delete(name);
    else there.add(name);
    return update;
  });
  // Of words among the tags, what they were decides; and only what the image lacks can be added, only what it has be replaced.
  const isConditional = changes.some(
    ({ name, op }) => name === 'tags' || (isCustom(name) && (op !== 'add' || addsAnew)),
  );
  return { update: mergeChanges(updates), isConditional };
}
