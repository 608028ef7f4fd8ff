import { appendFileSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { ROOT } from '../../scripts/bundle.mjs';

/*
 * What each file costs and what it waits for, as lines of JSON in the file that `npm test` names. A setup file of all projects: its hooks
 * surround those of the file.
 */

/** Of this process, and of the processes that it started and that have ended. 0 except on Linux. */
function cpuSeconds(): number {
  if (process.platform !== 'linux') return 0;
  const [, fields = ''] = readFileSync('/proc/self/stat', 'utf8').split(') ');
  return (
    fields
      .split(' ')
      .slice(11, 15)
      .reduce((sum, ticks) => sum + Number(ticks), 0) / 100
  );
}

function record(values: Readonly<Record<string, string | number>>): void {
  const log = process.env['KUFLOW_TEST_COSTS'];
  if (log === undefined) return;
  const file = relative(ROOT, expect.getState().testPath ?? '');
  appendFileSync(log, `${JSON.stringify({ file, ...values })}\n`);
}

/** Records that the current file has waited for something that files share since `started` (of `performance.now()`). */
export function recordWait(resource: string, started: number): void {
  record({ resource, waited: (performance.now() - started) / 1000 });
}

let started = 0;
let cpu = 0;

beforeAll(() => {
  started = performance.now();
  cpu = cpuSeconds();
});

afterAll(() => {
  record({ seconds: (performance.now() - started) / 1000, cpu: cpuSeconds() - cpu });
});
