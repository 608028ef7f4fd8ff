import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // The first workflow test bundles the workflow code and starts a Temporal test server.
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
