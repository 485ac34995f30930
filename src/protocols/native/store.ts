/** The installation itself: its regions, its stores, and how it is. */
import type { FastifyInstance } from 'fastify';
import { collectStore } from '../../app/collect-store.ts';
import type { AppContext } from '../../app/context.ts';
import { listRegions } from '../../app/list-regions.ts';
import { verifyStore } from '../../app/verify-store.ts';
import { clientSignal } from './client-signal.ts';
import { collectBody, parse, verifyBody } from './input.ts';

/** What `GET /status` tells. */
export interface ServerStatus {
  readonly version: string;
  readonly dataDirectory: string;
  readonly database: { readonly version: string; readonly embedded: boolean };
  readonly regions: readonly string[];
  readonly uptimeSeconds: number;
}

export function storeRoutes(app: FastifyInstance, context: AppContext, status: () => Promise<ServerStatus>): void {
  app.get('/status', async () => await status());

  app.get('/regions', async () => ({ regions: await listRegions(context) }));

  app.post('/store/collect', async (request, reply) => {
    const { dryRun } = parse(collectBody, request.body);
    const collections = await collectStore(context, dryRun, clientSignal(reply));
    return {
      regions: collections.map(({ region, blobsRemoved, bytesFreed, blobsWaiting, bytesWaiting, strayBlobs }) => ({
        region,
        packsRemoved: blobsRemoved,
        bytesFreed,
        packsWaiting: blobsWaiting,
        bytesWaiting,
        strayBlobs,
      })),
    };
  });

  app.post('/store/verify', async (request, reply) => {
    const { image } = parse(verifyBody, request.body);
    return await verifyStore(context, request.caller, image, clientSignal(reply));
  });
}
