/** What accounts may have in each region, and what they use of it. */
import { readQuotas as readQuotaRows, setLimits } from '../db/account-regions.ts';
import { checkWhole } from '../domain/field-rules.ts';
import { type QuotaKind, type Quotas, quotaKinds } from '../domain/quota.ts';
import { act, demand } from './act.ts';
import type { AppContext, Caller } from './context.ts';
import { requireRegion } from './place-image.ts';
import { requireAccount } from './tenants/require-account.ts';

export interface RegionQuotas {
  readonly region: string;
  readonly quotas: Quotas;
}

/** The caller's account's, in one region or in all that are configured. */
export async function readQuotas(
  context: AppContext,
  caller: Caller,
  query: { readonly region?: string | undefined } = {},
): Promise<RegionQuotas[]> {
  demand(caller, 'quota.read');
  if (query.region !== undefined) requireRegion(context, query.region);
  return await quotasOf(context, caller.accountId, query.region);
}

/** As {@link readQuotas}, of the one region. */
export async function readRegionQuotas(context: AppContext, caller: Caller, region: string): Promise<Quotas> {
  const [own] = await readQuotas(context, caller, { region });
  return (own as RegionQuotas).quotas;
}

/** Any account's, for administrators. */
export async function readAccountQuotas(context: AppContext, caller: Caller, account: string): Promise<RegionQuotas[]> {
  const own = ['self', caller.accountId, caller.accountName, String(caller.accountNumber)];
  if (own.includes(account)) return await readQuotas(context, caller);
  demand(caller, 'quota.manage');
  return await quotasOf(context, (await requireAccount(context.db, account)).id);
}

/** Sets the limits that are given; null goes back to the configured one. What is used already stays, even beyond them. */
export async function setQuotas(
  context: AppContext,
  caller: Caller,
  account: string,
  region: string,
  limits: Readonly<Partial<Record<QuotaKind, number | null | undefined>>>,
): Promise<RegionQuotas> {
  const deed = { action: 'quota.manage', resource: { type: 'account', id: account }, region, details: limits } as const;
  const accountId = await act(context, caller, deed, async (trx, done) => {
    requireRegion(context, region);
    const given = quotaKinds.flatMap((kind) => (limits[kind] === undefined ? [] : ([[kind, limits[kind]]] as const)));
    for (const [kind, limit] of given) if (limit !== null) checkWhole(kind, limit, 0, Number.MAX_SAFE_INTEGER);
    const { id } = await requireAccount(trx, account === 'self' ? caller.accountId : account);
    done.resource = { type: 'account', id };
    await setLimits(trx, { accountId: id, region }, Object.fromEntries(given));
    await context.queue.admit(trx, { accountId: id, region });
    return id;
  });
  const [quotas] = await quotasOf(context, accountId, region);
  return quotas as RegionQuotas;
}

async function quotasOf(context: AppContext, accountId: string, region?: string): Promise<RegionQuotas[]> {
  const regions = region === undefined ? [...context.regionNumbers.keys()] : [region];
  const quotas = await readQuotaRows(context.db, accountId, regions, context.defaultQuotas);
  return regions.map((id) => ({ region: id, quotas: quotas.get(id) as Quotas }));
}
