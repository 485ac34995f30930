import { z } from 'zod';
import { createAccount, createOwnerKey, findAccount, listAccounts, updateAccount } from '../../app/tenants/accounts.ts';
import type { Account } from '../../domain/tenants.ts';
import { keyPair, newAccessKeySchema, renderNewAccessKey } from './access-keys.ts';
import { id, text } from './input.ts';
import { operation } from './operation.ts';
import { createCursors, pageFields, pageOf, placeOfName } from './paging.ts';
import { accountNumber, time, timeOf, uuid } from './render.ts';
import { renderUser, userSchema } from './users.ts';

const accountSchema = z
  .strictObject({
    id: uuid,
    name: z.string(),
    number: accountNumber,
    administers: z.boolean().meta({ description: 'Its owners run the installation.' }),
    createdAt: time,
    disabled: z.boolean(),
  })
  .meta({ id: 'Account', description: 'A tenant.' });

function renderAccount(account: Account): z.input<typeof accountSchema> {
  const { id, name, number, administers, createdAt, disabledAt } = account;
  return { id, name, number: String(number), administers, createdAt: timeOf(createdAt), disabled: disabledAt !== null };
}

export const accountParams = { account: id("The account's id, number or name, or `self`.") };

export const accountOperations = [
  operation({
    id: 'listAccounts',
    method: 'GET',
    path: '/accounts',
    summary: "Lists the accounts by name: all of them for administrators, the caller's own for others.",
    action: 'account.read',
    query: z.strictObject(pageFields),
    status: 200,
    answer: pageOf('accounts', accountSchema),
    refusals: [],
    async handle({ context, caller, query }) {
      const cursors = createCursors(placeOfName, 'accounts');
      const page = { limit: query.limit, after: cursors.read(query.cursor) };
      const { accounts, next } = await listAccounts(context, caller, page);
      return { body: { accounts: accounts.map(renderAccount), nextCursor: cursors.write(next) } };
    },
  }),

  operation({
    id: 'createAccount',
    method: 'POST',
    path: '/accounts',
    summary: 'Makes an account with an owner, whose key is shown this once, and a project in each region.',
    action: 'account.manage',
    body: z.strictObject({ name: text }),
    example: { name: 'team-a' },
    status: 201,
    answer: z.strictObject({ account: accountSchema, owner: userSchema, accessKey: keyPair }),
    refusals: ['account.exists'],
    async handle({ context, caller, body }) {
      const { account, owner, accessKey } = await createAccount(context, caller, body);
      const { id, secret } = accessKey;
      return { body: { account: renderAccount(account), owner: renderUser(owner), accessKey: { id, secret } } };
    },
  }),

  operation({
    id: 'findAccount',
    method: 'GET',
    path: '/accounts/{account}',
    summary: 'Shows an account.',
    action: 'account.read',
    params: accountParams,
    status: 200,
    answer: accountSchema,
    refusals: ['account.not-found'],
    async handle({ context, caller, params }) {
      return { body: renderAccount(await findAccount(context, caller, params.account)) };
    },
  }),

  operation({
    id: 'updateAccount',
    method: 'PATCH',
    path: '/accounts/{account}',
    summary: 'Changes what is given. Whatever belongs to a disabled account is refused.',
    action: 'account.manage',
    params: accountParams,
    body: z.strictObject({ name: text.optional(), disabled: z.boolean().optional() }),
    example: { name: 'team-b' },
    status: 200,
    answer: accountSchema,
    refusals: ['account.not-found', 'account.exists', 'account.own'],
    async handle({ context, caller, params, body }) {
      return { body: renderAccount(await updateAccount(context, caller, params.account, body)) };
    },
  }),

  operation({
    id: 'createOwnerKey',
    method: 'POST',
    path: '/accounts/{account}/access-keys',
    summary: 'Makes a key for an owner who has lost all others; shown this once.',
    action: 'account.manage',
    params: accountParams,
    body: z
      .strictObject({
        user: text.optional().meta({ description: "Id or name; the account's oldest owner without it." }),
      })
      .prefault({}),
    example: { user: 'owner' },
    status: 201,
    answer: newAccessKeySchema,
    refusals: ['account.not-found', 'user.not-found'],
    async handle({ context, caller, params, body }) {
      return { body: renderNewAccessKey(await createOwnerKey(context, caller, params.account, body)) };
    },
  }),
];
