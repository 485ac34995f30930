import { z } from 'zod';
import { type RegionQuotas, readAccountQuotas, readQuotas, setQuotas } from '../../app/quotas.ts';
import { accountParams } from './accounts.ts';
import { id, text } from './input.ts';
import { operation } from './operation.ts';

const quota = z.strictObject({ used: z.int().min(0), limit: z.int().min(0) });

const quotaSchema = z
  .strictObject({
    region: z.string(),
    images: quota,
    snapshots: quota,
    bytes: quota,
    copies: quota.meta({ description: 'At once; those beyond it wait.' }),
  })
  .meta({ id: 'Quota', description: 'What an account has in a region, and what it may have.' });

const quotaList = z.strictObject({ quotas: z.array(quotaSchema) });

const limit = z
  .number()
  .int()
  .min(0)
  .max(Number.MAX_SAFE_INTEGER)
  .nullable()
  .optional()
  .meta({ description: 'Null is the configured limit.' });

const newLimits = z.strictObject({ images: limit, snapshots: limit, bytes: limit, copies: limit });

function renderQuotas({ region, quotas }: RegionQuotas): z.input<typeof quotaSchema> {
  const { images, snapshots, bytes, copies } = quotas;
  return { region, images: { ...images }, snapshots: { ...snapshots }, bytes: { ...bytes }, copies: { ...copies } };
}

export const quotaOperations = [
  operation({
    id: 'readQuotas',
    method: 'GET',
    path: '/quotas',
    summary: "Shows the account's quotas, in one region or in all.",
    action: 'quota.read',
    query: z.strictObject({ region: text.optional() }),
    status: 200,
    answer: quotaList,
    refusals: ['region.not-found'],
    async handle({ context, caller, query }) {
      return { body: { quotas: (await readQuotas(context, caller, query)).map(renderQuotas) } };
    },
  }),

  operation({
    id: 'readAccountQuotas',
    method: 'GET',
    path: '/accounts/{account}/quotas',
    summary: "Shows an account's quotas; another's to administrators.",
    action: 'quota.read',
    params: accountParams,
    status: 200,
    answer: quotaList,
    refusals: ['account.not-found'],
    async handle({ context, caller, params }) {
      return { body: { quotas: (await readAccountQuotas(context, caller, params.account)).map(renderQuotas) } };
    },
  }),

  operation({
    id: 'setQuotas',
    method: 'PUT',
    path: '/accounts/{account}/quotas/{region}',
    summary: 'Sets the limits that are given. What is used already stays, even beyond them.',
    action: 'quota.manage',
    params: { ...accountParams, region: id("The region's name.") },
    body: newLimits,
    example: { images: 100, copies: null },
    status: 200,
    answer: quotaSchema,
    refusals: ['account.not-found', 'region.not-found'],
    async handle({ context, caller, params, body }) {
      return { body: renderQuotas(await setQuotas(context, caller, params.account, params.region, body)) };
    },
  }),
];
