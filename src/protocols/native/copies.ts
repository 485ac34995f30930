import type { FastifyInstance } from 'fastify';
import { cancelCopy } from '../../app/cancel-copy.ts';
import type { AppContext } from '../../app/context.ts';
import { copyImage } from '../../app/copy-image.ts';
import { findCopy } from '../../app/find-copy.ts';
import { listCopies } from '../../app/list-copies.ts';
import { createCopyBody, listCopiesQuery, parse } from './input.ts';
import { renderCopy } from './render.ts';

interface CopyRoute {
  Params: { id: string };
}

export function copyRoutes(app: FastifyInstance, context: AppContext): void {
  app.post('/copies', async (request, reply) => {
    const copy = await copyImage(context, request.caller, parse(createCopyBody, request.body));
    return reply.code(202).send(renderCopy(copy));
  });

  app.get('/copies', async (request) => {
    const copies = await listCopies(context, request.caller, parse(listCopiesQuery, request.query));
    return { copies: copies.map(renderCopy) };
  });

  app.get<CopyRoute>('/copies/:id', async (request) =>
    renderCopy(await findCopy(context, request.caller, request.params.id)),
  );

  app.post<CopyRoute>('/copies/:id/cancel', async (request) =>
    renderCopy(await cancelCopy(context, request.caller, request.params.id)),
  );
}
