import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Otherwise, each file would load Temporal's SDK again. Remove this if your tests mock modules.
    isolate: false,
    // The first workflow test bundles the workflow code and starts a Temporal test server.
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
