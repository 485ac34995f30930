/**
 * Trees in queries and forms, as clients flatten them: `filters.1.name=image&filters.1.values.1=a` is
 * `{ filters: [{ name: 'image', values: ['a'] }] }`.
 */

export type NestedValue = string | readonly NestedValue[] | { readonly [name: string]: NestedValue };

interface Node {
  value: string;
  readonly members: Map<string, Node>;
}

/** More than any client's have; a name of more parts is nobody's. It bounds how deep the tree is. */
const mostParts = 16;

/** Of names that come twice the first counts; numbers only say in which order the elements of a list are. */
export function nest(pairs: Iterable<readonly [name: string, value: string]>): Readonly<Record<string, NestedValue>> {
  const root: Node = { value: '', members: new Map() };
  const seen = new Set<string>();
  for (const [name, value] of pairs) {
    const parts = name.split('.', mostParts + 1);
    if (seen.has(name) || parts.length > mostParts) continue;
    seen.add(name);
    let node = root;
    for (const part of parts) {
      const next = node.members.get(part) ?? { value: '', members: new Map() };
      node.members.set(part, next);
      node = next;
    }
    node.value = value;
  }
  return membersOf(root);
}

function membersOf({ members }: Node): Record<string, NestedValue> {
  return Object.fromEntries([...members].map(([name, node]) => [name, treeOf(node)]));
}

/** What has members and a value, too, is its members. */
function treeOf(node: Node): NestedValue {
  if (node.members.size === 0) return node.value;
  const names = [...node.members.keys()];
  if (!names.every((name) => /^\d{1,9}$/.test(name))) return membersOf(node);
  const inOrder = [...node.members].toSorted(([one], [other]) => Number(one) - Number(other));
  return inOrder.map(([, element]) => treeOf(element));
}
