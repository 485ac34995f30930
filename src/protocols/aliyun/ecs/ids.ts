/**
 * Alibaba Cloud's ids. Everything has other clouds' ids as well, which belong to their clients: here nothing is called so.
 */
import type { TaggedType } from '../../../domain/image-rules.ts';
import type { Fault } from '../fault.ts';
import { text } from '../parameters.ts';

const shapes = {
  image: /^m-[a-z0-9]{20}$/,
  snapshot: /^s-[a-z0-9]{20}$/,
  task: /^tsk-[a-z0-9]{20}$/,
  resourceGroup: /^rg-[a-z0-9]{15}$/,
} as const satisfies Readonly<Record<TaggedType | 'task' | 'resourceGroup', RegExp>>;

export function isId(type: keyof typeof shapes, id: string): boolean {
  return shapes[type].test(id);
}

/** The group that something new is to belong to. */
export function resourceGroupText(notFound: Fault) {
  return text({
    rule: 'rg- and 15 lower-case letters or digits',
    fault: notFound,
    matches: shapes.resourceGroup,
  });
}
