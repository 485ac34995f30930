import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{src,test,scripts}/**/*.test.ts'],
    globalSetup: 'test/global-setup.ts',
    // Processes, not threads: tests load native addons, change user and send signals.
    pool: 'forks',
    maxWorkers: Math.min(4, availableParallelism()),
    // Some tests start a server and a database; on a busy machine of two cores that takes seconds.
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // The closing summary of this one comes last; `.ci/run` adds the JSON reporter for its count.
    reporters: ['default'],
    restoreMocks: true,
    unstubEnvs: true,
  },
});
