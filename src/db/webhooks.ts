/** The rows of webhooks. Their secrets are sealed before they come here. */
import type { Webhook } from '../domain/webhook.ts';
import type { Db, Trx } from './database.ts';

function selectWebhooks(db: Db | Trx, accountId: string) {
  return db
    .selectFrom('webhooks')
    .select([
      'id',
      'account as accountId',
      'url',
      'description',
      'types',
      'created_at as createdAt',
      'disabled_at as disabledAt',
    ])
    .where('account', '=', accountId);
}

/** Oldest first; an account has few. */
export async function listWebhooks(db: Db, accountId: string): Promise<Webhook[]> {
  return await selectWebhooks(db, accountId).orderBy('created_at').orderBy('id').execute();
}

export async function findWebhook(db: Db | Trx, accountId: string, id: string): Promise<Webhook | undefined> {
  return await selectWebhooks(db, accountId).where('id', '=', id).executeTakeFirst();
}

/** Locked until the transaction ends. */
export async function lockWebhook(trx: Trx, accountId: string, id: string): Promise<Webhook | undefined> {
  return await selectWebhooks(trx, accountId).where('id', '=', id).forNoKeyUpdate().executeTakeFirst();
}

/** How many the account has. Nobody adds one until the transaction ends: the account's row is locked. */
export async function lockWebhookCount(trx: Trx, accountId: string): Promise<number> {
  await trx.selectFrom('accounts').select('id').where('id', '=', accountId).forNoKeyUpdate().execute();
  const { count } = await trx
    .selectFrom('webhooks')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('account', '=', accountId)
    .executeTakeFirstOrThrow();
  return count;
}

export async function insertWebhook(trx: Trx, webhook: Webhook, sealedSecret: Buffer): Promise<void> {
  const { id, accountId, url, description, types, createdAt, disabledAt } = webhook;
  await trx
    .insertInto('webhooks')
    .values({
      id,
      account: accountId,
      url,
      description,
      secret: sealedSecret,
      types: [...types],
      created_at: createdAt,
      disabled_at: disabledAt,
    })
    .execute();
}

export async function updateWebhook(trx: Trx, webhook: Webhook): Promise<void> {
  const { id, url, description, types, disabledAt } = webhook;
  await trx
    .updateTable('webhooks')
    .set({ url, description, types: [...types], disabled_at: disabledAt })
    .where('id', '=', id)
    .execute();
}

/** With its deliveries. */
export async function deleteWebhook(trx: Trx, id: string): Promise<void> {
  await trx.deleteFrom('webhooks').where('id', '=', id).execute();
}
