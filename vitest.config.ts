import { availableParallelism } from 'node:os';
import { basename } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

// The long end-to-end files, slowest first. Files that wait for each other (see test/support/lanes.ts) are apart. The last ones are short, so that
// the lanes end at about the same time.
const FIRST = [
  'worker-identity',
  'worker-connection',
  'simulate',
  'worker-process',
  'project',
  'update',
  'journey',
  'credentials',
  'java-project',
  'tutorial',
  'soak-starts',
  'kills',
  'add',
  'python-library',
  'java-library',
  'dev-interrupts',
  'worker-tasks',
  'java-workflows',
  'soak-kills',
  'gateway',
  'python-workflows',
  'pinned-dependencies',
  'typescript-library',
  'deploy',
  'demo',
  'dev',
  'python-project',
  'doctor',
  'process-task',
  'package-managers',
  'soak-credentials',
  'python-image',
  'project-sources',
  'canary',
  'old-node',
  'old-cores',
  'create-failures',
  'java-hostile',
  'python-hostile',
  'python-settings',
  'completion',
  'package-platform',
  'workspaces',
  'wizard',
  'site',
  'create',
  'python-tools',
  'hostile',
];

// Records the time and the waits of each file, which `npm test` prints. Compares bytes quickly.
const SETUP = ['test/support/cost.ts', 'test/support/equal-bytes.ts'];
// A busy machine can stop a process for seconds.
const PATIENT = { poll: { timeout: 60_000 } };
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
          setupFiles: SETUP,
          include: ['test/unit/**/*.test.ts'],
          // Loading the modules again for each file takes longer than the tests. A file that mocks one resets them itself.
          isolate: false,
          // One fewer by default; these tests wait more than they compute.
          maxWorkers: availableParallelism() + 1,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          expect: PATIENT,
        },
      },
      {
        test: {
          name: 'process',
          include: ['test/process/**/*.test.ts'],
          setupFiles: SETUP,
          isolate: false,
          // They run during the end-to-end tests, which wait more than they compute.
          maxWorkers: 2,
          testTimeout: 180_000,
          hookTimeout: 180_000,
          expect: PATIENT,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          globalSetup: ['test/support/global-setup.ts'],
          setupFiles: [...SETUP, 'test/support/release-locks.ts'],
          // Loading the modules again for each file takes longer than many of the tests.
          isolate: false,
          // Four lanes: most of these tests wait, and five were not quicker. See test/support/lanes.ts for what they share.
          maxWorkers: 4,
          // A file may wait for projects that others create.
          testTimeout: 600_000,
          hookTimeout: 900_000,
        },
      },
      {
        test: {
          name: 'page',
          setupFiles: SETUP,
          include: ['test/page/**/*.test.ts'],
          globalSetup: ['test/support/page-setup.ts'],
          // Chromium uses the other core.
          maxWorkers: 1,
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
