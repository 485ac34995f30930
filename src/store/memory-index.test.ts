import { describeChunkIndex } from './chunk-index.conformance.ts';
import { createMemoryIndex } from './memory-index.test-support.ts';

// Shows that the suite can be kept, and that the tests of the data plane lean on an index that keeps it.
describeChunkIndex('memory', async () => {
  const index = createMemoryIndex();
  return {
    index,
    newManifest: async () => index.newManifest(),
    dropManifest: async (id) => index.dropManifest(id),
  };
});
