import { defineConfig, type ViteUserConfig } from 'vitest/config';

const config: ViteUserConfig = defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Otherwise, each file would load Temporal's SDK again.
    isolate: false,
    // The first workflow test bundles the workflow code and starts a Temporal test server.
    testTimeout: 180_000,
    hookTimeout: 300_000,
  },
});

export default config;
