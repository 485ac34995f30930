import { z } from 'zod';
import { createSession, deleteSession, listSessions } from '../../app/tenants/sessions.ts';
import { roles } from '../../domain/principal.ts';
import type { Session } from '../../domain/tenants.ts';
import { keyPair } from './access-keys.ts';
import { id, text } from './input.ts';
import { nothing, operation } from './operation.ts';
import { createCursors, pageFields, pageOf, placeOfTime } from './paging.ts';
import { time, timeOf, uuid } from './render.ts';

const sessionShape = {
  id: uuid,
  name: z.string(),
  role: z.enum(roles),
  user: uuid.nullable(),
  agency: z.string().nullable().meta({ description: 'The agency by which it acts in another account.' }),
  accessKeyId: z.string().nullable().meta({ description: 'Of temporary credentials.' }),
  createdAt: time,
  expiresAt: time,
};
const sessionSchema = z.strictObject(sessionShape).meta({ id: 'Session' });

const newSessionSchema = z
  .strictObject({
    ...sessionShape,
    token: z.string().meta({ description: 'Shown this once.' }),
    accessKey: keyPair.optional().meta({ description: 'With `credentials`: signs requests, together with the token.' }),
  })
  .meta({ id: 'NewSession' });

function renderSession(session: Session): z.input<typeof sessionSchema> {
  const { id, name, role, userId, agency, accessKeyId, createdAt, expiresAt } = session;
  const times = { createdAt: timeOf(createdAt), expiresAt: timeOf(expiresAt) };
  return { id, name, role, user: userId, agency, accessKeyId, ...times };
}

export const sessionOperations = [
  operation({
    id: 'listSessions',
    method: 'GET',
    path: '/sessions',
    summary: "Lists the sessions that have not ended: owners see everybody's, others their own.",
    action: 'session.read',
    query: z.strictObject(pageFields),
    status: 200,
    answer: pageOf('sessions', sessionSchema),
    refusals: [],
    async handle({ context, caller, query }) {
      const cursors = createCursors(placeOfTime, 'sessions');
      const page = { limit: query.limit, after: cursors.read(query.cursor) };
      const { sessions, next } = await listSessions(context, caller, page);
      return { body: { sessions: sessions.map(renderSession), nextCursor: cursors.write(next) } };
    },
  }),

  operation({
    id: 'createSession',
    method: 'POST',
    path: '/sessions',
    summary: 'Makes a token, or temporary credentials, that can do no more than the caller; shown this once.',
    action: 'session.create',
    body: z
      .strictObject({
        name: text.default('session'),
        seconds: z.number().int().min(1).optional().meta({ description: 'As long as can be without it.' }),
        role: z.enum(roles).optional().meta({ description: "The caller's, or less." }),
        credentials: z.boolean().default(false),
        agency: z
          .strictObject({ account: text, name: text })
          .optional()
          .meta({ description: "Another account's, to act there." }),
      })
      .prefault({}),
    example: { name: 'laptop', seconds: 3600 },
    status: 201,
    answer: newSessionSchema,
    refusals: ['session.not-found', 'session.limit', 'agency.not-found'],
    async handle({ context, caller, body }) {
      const session = await createSession(context, caller, body);
      const { token, accessKey } = session;
      return { body: { ...renderSession(session), token, ...(accessKey && { accessKey: { ...accessKey } }) } };
    },
  }),

  operation({
    id: 'deleteSession',
    method: 'DELETE',
    path: '/sessions/{session}',
    summary: 'Ends a session, and all that were made with it.',
    action: 'session.delete',
    params: { session: id("The session's id, or `self`, which logs out.") },
    status: 204,
    answer: nothing,
    refusals: ['session.not-found'],
    async handle({ context, caller, params }) {
      await deleteSession(context, caller, params.session);
      return { body: undefined };
    },
  }),
];
