import type { ApiSecret } from '../api-tenants.ts';
import { renderFields } from '../render/table.ts';

/** An access key as it is shown when it is made, and never again. */
export function renderSecret({ id, secret }: ApiSecret): string {
  const fields = renderFields([
    ['Access key', id],
    ['Secret', secret],
  ]);
  return `${fields}\n\nThe secret is not shown again. Use it with: mimeo login --access-key ${id}`;
}
