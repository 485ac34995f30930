/** Pages of aliases, of a region or of one key. */
import { listKeyAliases } from '../../../app/keys/key-aliases.ts';
import { maxAliases, mostKeys } from '../../../domain/key.ts';
import { type PageWanted, pageOf } from '../ecs/paging-parameters.ts';
import type { OperationRequest } from '../operation.ts';
import { aliasArn, aliasName } from './key-names.ts';

type Request = Pick<OperationRequest<Record<never, never>>, 'context' | 'caller'>;

interface Filter {
  readonly region: string;
  /** Id of the key. */
  readonly key?: string;
}

/** By name. */
export async function listAliasesOf({ context, caller }: Request, filter: Filter, wanted: PageWanted) {
  // All that there can be: pages have numbers, and the answer tells how many aliases there are.
  const { aliases } = await listKeyAliases(context, caller, { ...filter, limit: mostKeys * maxAliases });
  const page = pageOf(aliases, wanted);
  return {
    TotalCount: aliases.length,
    PageNumber: wanted.PageNumber,
    PageSize: wanted.PageSize,
    Aliases: {
      Alias: page.map((alias) => ({
        KeyId: alias.key,
        AliasName: aliasName(alias.name),
        AliasArn: aliasArn(caller, alias),
      })),
    },
  };
}
