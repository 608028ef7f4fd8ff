import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import { startCommand } from './dev-command.ts';
import { newMark } from './marked-processes.ts';
import { temporalPath } from './temporal-path.ts';
import { until } from './until.ts';

const PEOPLE = `
users:
  - { email: ada@example.com, name: Ada }
  - { email: bob@example.com, name: Bob }
`;

interface LocalTests {
  readonly project: string;
  /** The file of the tests in the project. */
  readonly file: string;
  /** The test in the README starts with this text. */
  readonly exampleStart: string;
  /** Adds tests to that one. The last one creates the file `last` in TMPDIR, and does not end. */
  readonly extend: (example: string) => string;
  /** Runs the file, and ends at the first failure. */
  readonly command: readonly [string, ...string[]];
  readonly environment?: NodeJS.ProcessEnv;
  /** A part of the command of the worker. */
  readonly worker: string;
}

/**
 * Runs the test in the README of a project, and more tests, with the project's own runner. Kills the runner in the last one, and
 * expects that nothing is left.
 */
export async function passLocalTests(tests: LocalTests): Promise<void> {
  const { project, file, command, environment = {} } = tests;
  const temporary = mkdtempSync(join(tmpdir(), 'kuflow-t-'));
  const people = join(project, 'kuflow.people.yaml');
  const source = join(project, file);
  mkdirSync(dirname(source), { recursive: true });
  writeFileSync(people, PEOPLE);
  writeFileSync(source, tests.extend(exampleOf(tests)));
  const mark = newMark();
  const variables = {
    ...environment,
    TMPDIR: temporary,
    KUFLOW_TEMPORAL_PATH: await temporalPath(),
    KUFLOW_TEST_SECONDS: '250',
  };
  const runner = startCommand(command, { cwd: project, mark, env: variables });
  let hasEnded = false;
  void runner.ended.then(() => (hasEnded = true));
  try {
    await until(
      'all tests but the last have passed',
      () => {
        if (hasEnded) throw new Error('The runner ended before its last test');
        return existsSync(join(temporary, 'last'));
      },
      500_000,
    ).catch((error: unknown) => {
      throw new Error(runner.output(), { cause: error });
    });
    expect(mark.alive().filter((one) => one.command.includes(tests.worker))).toHaveLength(1);
    runner.kill('SIGKILL');
    await until('no process is left', () => mark.alive().length === 0);
    await until('no state is left', () => !readdirSync(temporary).some((name) => name.startsWith('kuflow-dev-')));
  } finally {
    mark.killLeft();
    for (const path of [people, source]) rmSync(path);
    rmSync(temporary, { recursive: true, force: true });
  }
}

function exampleOf({ project, exampleStart }: LocalTests): string {
  const readme = readFileSync(join(project, 'README.md'), 'utf8');
  const start = readme.indexOf(exampleStart);
  expect(start, `The README has no ${exampleStart}`).toBeGreaterThan(0);
  return readme.slice(start, readme.indexOf('```', start));
}
