/**
 * A disk's bytes in and out, in the two media types of docs/native-api.md, whole or in parts: an upload that was cut off is
 * resumed with the headers of draft-ietf-httpbis-resumable-upload, a download with `Range`.
 */
import type { FastifyInstance } from 'fastify';
import type { AppContext } from '../../app/context.ts';
import type { Transfers } from '../shared/transfers.ts';
import { downloadRoutes } from './content-download.ts';
import { uploadRoutes } from './content-upload.ts';

/** `app` is a scope of its own: in it there are no other media types. */
export function contentRoutes(app: FastifyInstance, context: AppContext, transfers: Transfers): void {
  // The bodies are read by the handlers themselves, as they come; anything that is parsed is not a disk's bytes.
  app.removeAllContentTypeParsers();
  uploadRoutes(app, context, transfers);
  downloadRoutes(app, context, transfers);
}
