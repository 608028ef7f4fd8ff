import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { kuflowEntries } from '../../../src/bin/commands.ts';
import { runProgram } from '../../../src/cli/run-program.ts';
import { fakeHost } from '../../support/fake-host.ts';
import { startTcpServer } from '../../support/engine-server.ts';
import { temporaryFolders } from '../../support/temporary-folder.ts';
import { examineWorld, makeMaterials } from './matrix/world.ts';

const folder = temporaryFolders();
const never = (): Promise<never> => new Promise(() => undefined);

it('ends as a whole when its time is over, though KuFlow, the engine, git and the worker never answer', async () => {
  const signals: AbortSignal[] = [];
  const limits: number[] = [];
  const started = performance.now();
  const { report } = await examineWorld(folder(), await makeMaterials(), [
    {
      make: async (world) => {
        world.rest = () => undefined;
        const silent = world.keep(await startTcpServer(() => undefined));
        world.target = () => silent.address;
        world.request = { timeoutMs: 600, git: never };
        world.project = {
          processes: never,
          drift: never,
          workerCheck: ({ signal, limitMs }) => {
            signals.push(signal);
            limits.push(limitMs);
            return never();
          },
        };
        world.afterwards.push(() => {
          const at = join(world.folder, 'node_modules', '@temporalio', 'worker');
          mkdirSync(at, { recursive: true });
          writeFileSync(join(at, 'package.json'), JSON.stringify({ name: '@temporalio/worker', version: '1.24.0' }));
        });
      },
    },
  ]);
  // Each of the checks alone has more time than that.
  expect(performance.now() - started).toBeLessThan(6_000);
  expect(report.ms).toBeGreaterThanOrEqual(600);
  expect(report.status).toBe(4);
  expect(new Set(report.roots.map(({ state }) => state))).toEqual(new Set(['unknown']));
  const atTheEnd = report.results.filter(({ summary }) => summary === 'no result within the 0.6 s of the whole run');
  expect(atTheEnd.map(({ id }) => id)).toEqual(expect.arrayContaining(['KF-FILE-002', 'KF-PROJ-001', 'KF-WORK-001']));
  expect(report.roots.map(({ id }) => id)).toEqual(expect.arrayContaining(['KF-REST-001', 'KF-TLS-003']));
  expect(report.created).toEqual([]);
  expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
  expect(limits).toEqual([450]);
});

it('has 15 seconds where nothing else is said', async () => {
  const fake = fakeHost(['doctor', '--help'], { cwd: folder() });
  const root = { name: 'kuflow', description: '', version: '0', invocation: 'npx kuflow', commands: kuflowEntries };
  await runProgram(root, fake.host);
  expect(fake.stdout()).toMatch(/--timeout <seconds>\s+For everything \(default: 15\)/);
});
