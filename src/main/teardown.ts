/** What has been started, to be stopped in the opposite order, each step within its time. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../telemetry/logger.ts';

export interface Teardown {
  /** Adds a step; `ms` is how long it may take before the next one is taken regardless. */
  add(name: string, stop: () => Promise<unknown> | unknown, ms?: number): void;
  /** Takes the steps; may be called again. */
  run(): Promise<void>;
}

export function createTeardown(logger: Logger): Teardown {
  const steps: { name: string; stop: () => Promise<unknown> | unknown; ms: number }[] = [];
  return {
    add(name, stop, ms = 5000) {
      steps.push({ name, stop, ms });
    },
    async run() {
      for (let step = steps.pop(); step !== undefined; step = steps.pop()) {
        const { name, ms } = step;
        try {
          const done = await Promise.race([
            Promise.resolve(step.stop()).then(() => true),
            sleep(ms, false, { ref: false }),
          ]);
          if (!done) logger.warn({ step: name, ms }, 'a part did not stop in time');
        } catch (error) {
          logger.error({ step: name, error }, 'a part did not stop cleanly');
        }
      }
    },
  };
}
