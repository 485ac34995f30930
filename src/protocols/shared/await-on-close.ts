import type { FastifyInstance } from 'fastify';

/** Makes `app` wait, when it is closed, for what is given to the function that this returns. */
export function awaitOnClose(app: FastifyInstance): <Result>(work: Promise<Result>) => Promise<Result> {
  const running = new Set<Promise<unknown>>();
  // A server that stops has cut their connections by now; what came over them is still on its way into the store.
  app.addHook('onClose', async () => void (await Promise.allSettled(running)));
  return (work) => {
    running.add(work);
    return work.finally(() => running.delete(work));
  };
}
