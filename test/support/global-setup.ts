import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { ROOT } from '../../scripts/bundle.mjs';
import { provideChromium, provideTemporal } from '../../scripts/test-programs.mjs';
import { buildIfStale } from './build-if-stale.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Absolute folder of this run, for everything that a test needs until the end. */
    readonly runFolder: string;
    /** The packed package. */
    readonly tarball: string;
    /** Folder in which the packed package is installed: `node_modules/.bin/kuflow` is the command that users run. */
    readonly cliFolder: string;
  }
}

const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';

function runNpm(args: readonly string[], cwd: string): string {
  return execFileSync(npm, args, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    shell: process.platform === 'win32',
  });
}

/** Builds if stale, packs once and installs the tarball once; every end-to-end test runs this package. */
export function setup(project: TestProject): () => Promise<void> {
  buildIfStale();
  provideTemporal();
  provideChromium();
  const output = join(ROOT, '.test-output');
  mkdirSync(output, { recursive: true });
  const runFolder = mkdtempSync(join(output, 'run-'));
  const packed = JSON.parse(runNpm(['pack', '--json', '--ignore-scripts', '--pack-destination', runFolder], ROOT)) as [
    { filename: string },
  ];
  const tarball = join(runFolder, packed[0].filename);
  const cliFolder = join(runFolder, 'cli');
  mkdirSync(cliFolder);
  runNpm(['install', '--prefix', cliFolder, '--no-audit', '--no-fund', '--no-package-lock', tarball], cliFolder);
  project.provide('runFolder', runFolder);
  project.provide('tarball', tarball);
  project.provide('cliFolder', cliFolder);
  return async () => {
    // In steps, because vitest waits for its workers, which end during the removal.
    if (process.env['KUFLOW_KEEP_TEST_OUTPUT'] === undefined) await rm(runFolder, { recursive: true, force: true });
  };
}
