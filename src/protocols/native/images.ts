import type { FastifyInstance } from 'fastify';
import type { AppContext } from '../../app/context.ts';
import { createImage } from '../../app/create-image.ts';
import { deleteImage } from '../../app/delete-image.ts';
import { findImage } from '../../app/find-image.ts';
import { listImages } from '../../app/list-images.ts';
import { createImageBody, listImagesQuery, parse } from './input.ts';
import { renderImage } from './render.ts';

interface ImageRoute {
  Params: { id: string };
}

export function imageRoutes(app: FastifyInstance, context: AppContext): void {
  app.post('/images', async (request, reply) => {
    const image = await createImage(context, request.caller, parse(createImageBody, request.body));
    return reply.code(201).send(renderImage(image));
  });

  app.get('/images', async (request) => {
    const images = await listImages(context, request.caller, parse(listImagesQuery, request.query));
    return { images: images.map(renderImage) };
  });

  app.get<ImageRoute>('/images/:id', async (request) =>
    renderImage(await findImage(context, request.caller, request.params.id)),
  );

  app.delete<ImageRoute>('/images/:id', async (request, reply) => {
    await deleteImage(context, request.caller, request.params.id);
    return reply.code(204).send();
  });
}
