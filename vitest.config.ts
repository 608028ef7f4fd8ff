import { availableParallelism } from 'node:os';
import { basename } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

// The long end-to-end files, in an order in which the two lanes rarely wait for each other (see test/support/lanes.ts) and end together.
const FIRST = [
  'tutorial',
  'python-project',
  'demo',
  'project',
  'worker-identity',
  'python-image',
  'journey',
  'worker-tasks',
  'simulate',
  'java-hostile',
  'java-workflows',
  'create-failures',
  'create',
  'python-hostile',
  'worker-process',
  'worker-connection',
  'deploy',
  'doctor',
  'java-project',
  'credentials',
  'python-workflows',
  'dev',
  'package-managers',
  'hostile',
  'soak-kills',
  'python-tools',
  'dev-interrupts',
  'old-cores',
  'kills',
  'add',
];

class LongFilesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const index = FIRST.indexOf(basename(moduleId, '.test.ts'));
      return index === -1 ? FIRST.length : index;
    };
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: LongFilesFirst },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          // Loading the modules again for each file takes longer than the tests. A file that mocks one resets them itself.
          isolate: false,
          // One fewer by default; these tests wait more than they compute.
          maxWorkers: Math.max(2, availableParallelism()),
          testTimeout: 20_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          globalSetup: ['test/support/global-setup.ts'],
          // Two lanes: most of these tests wait. See test/support/lanes.ts for what they share.
          maxWorkers: 2,
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
      {
        test: {
          name: 'page',
          include: ['test/page/**/*.test.ts'],
          globalSetup: ['test/support/page-setup.ts'],
          // Chromium uses the other core.
          maxWorkers: 1,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
