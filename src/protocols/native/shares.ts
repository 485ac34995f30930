/** Who an image is shared with, as its owner sees it (members) and as those see it who were invited (shares). */
import { z } from 'zod';
import type { Caller } from '../../app/context.ts';
import { listMembers, shareImage, unshareImage } from '../../app/share-image.ts';
import { answerShare, listShares, type SharePage } from '../../app/shares.ts';
import { type ImageMember, memberStatuses } from '../../domain/sharing.ts';
import { imageId } from './images.ts';
import { id } from './input.ts';
import { nothing, operation } from './operation.ts';
import { createCursors, pageFields, pageOf, placeOfTime } from './paging.ts';
import { accountName, imageSchema, renderImage, time, timeOf, uuid } from './render.ts';

const status = z.enum(memberStatuses);

const projectId = uuid
  .nullable()
  .meta({ description: 'The project that the account was named by, in protocols that share with projects.' });

const memberSchema = z
  .strictObject({ imageId: uuid, account: accountName, status, projectId, createdAt: time, updatedAt: time })
  .meta({ id: 'Member', description: 'An account that an image is shared with, and what it has answered.' });

const shareSchema = z
  .strictObject({ image: imageSchema, status, projectId, createdAt: time, updatedAt: time })
  .meta({ id: 'Share', description: 'An image that another account shares.' });

function renderMember(member: ImageMember): z.input<typeof memberSchema> {
  const { accountId: id, accountName: name, accountNumber, createdAt, updatedAt, ...shown } = member;
  const account = { id, name, number: String(accountNumber) };
  return { ...shown, account, createdAt: timeOf(createdAt), updatedAt: timeOf(updatedAt) };
}

function renderShare(share: SharePage['shares'][number], caller: Caller): z.input<typeof shareSchema> {
  const { image, createdAt, updatedAt, ...shown } = share;
  return { ...shown, image: renderImage(image, caller), createdAt: timeOf(createdAt), updatedAt: timeOf(updatedAt) };
}

const memberParams = { image: imageId, account: id("The account's id, number or name.") };
export const shareOperations = [
  operation({
    id: 'listMembers',
    method: 'GET',
    path: '/images/{image}/members',
    summary: 'Lists who an image is shared with.',
    action: 'share.read',
    params: { image: imageId },
    status: 200,
    answer: z.strictObject({ members: z.array(memberSchema) }),
    refusals: ['image.not-found'],
    async handle({ context, caller, params }) {
      return { body: { members: (await listMembers(context, caller, params.image)).map(renderMember) } };
    },
  }),

  operation({
    id: 'shareImage',
    method: 'PUT',
    path: '/images/{image}/members/{account}',
    summary: 'Shares an image with another account, which can copy it once it has accepted.',
    action: 'image.share',
    params: memberParams,
    status: 200,
    answer: memberSchema,
    refusals: ['image.not-found', 'image.encrypted', 'account.not-found', 'member.own', 'member.limit'],
    async handle({ context, caller, params }) {
      return { body: renderMember(await shareImage(context, caller, params.image, params.account)) };
    },
  }),

  operation({
    id: 'unshareImage',
    method: 'DELETE',
    path: '/images/{image}/members/{account}',
    summary: 'Takes an image away from an account, unless a copy of that account reads it.',
    action: 'image.share',
    params: memberParams,
    status: 204,
    answer: nothing,
    refusals: ['image.not-found', 'image.being-copied', 'account.not-found', 'member.not-found'],
    async handle({ context, caller, params }) {
      await unshareImage(context, caller, params.image, params.account);
      return { body: undefined };
    },
  }),

  operation({
    id: 'listShares',
    method: 'GET',
    path: '/shares',
    summary: "Lists the images that other accounts share with the caller's, newest first.",
    action: 'invitation.read',
    query: z.strictObject({ status: status.optional(), ...pageFields }),
    status: 200,
    answer: pageOf('shares', shareSchema),
    refusals: [],
    async handle({ context, caller, query }) {
      const { limit, cursor, ...filter } = query;
      const cursors = createCursors(placeOfTime, 'shares', filter);
      const { shares, next } = await listShares(context, caller, { ...filter, limit, after: cursors.read(cursor) });
      return { body: { shares: shares.map((share) => renderShare(share, caller)), nextCursor: cursors.write(next) } };
    },
  }),

  operation({
    id: 'answerShare',
    method: 'PATCH',
    path: '/shares/{image}',
    summary: 'Accepts or rejects an image that another account shares, at any time and as often as one likes.',
    action: 'share.answer',
    params: { image: imageId },
    body: z.strictObject({ status: z.enum(['accepted', 'rejected']) }),
    example: { status: 'accepted' },
    status: 200,
    answer: shareSchema,
    refusals: ['share.not-found'],
    async handle({ context, caller, params, body }) {
      return { body: renderShare(await answerShare(context, caller, params.image, body.status), caller) };
    },
  }),
];
