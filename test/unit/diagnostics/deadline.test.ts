import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { kuflowEntries } from '../../../src/bin/commands.ts';
import { runProgram } from '../../../src/cli/run-program.ts';
import { fakeHost } from '../../support/fake-host.ts';
import { startTcpServer } from '../../support/engine-server.ts';
import { temporaryFolders } from '../../support/temporary-folder.ts';
import { diagnoseWithFaults, makeMaterials } from './matrix/setup.ts';

const folder = temporaryFolders();
const never = (): Promise<never> => new Promise(() => undefined);
const LIMIT_MS = 600;

afterEach(() => void vi.useRealTimers());

it('ends at its time limit even if KuFlow, the engine, git and the worker never respond', async () => {
  const signals: AbortSignal[] = [];
  const limits: number[] = [];
  const materials = await makeMaterials();
  // The time limit passes when these checks wait, however long a busy machine needs until then.
  const notStarted = new Set(['KF-REST-001', 'KF-FILE-002', 'KF-PROJ-001', 'KF-WORK-001', 'KF-TLS-003']);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const { report } = await diagnoseWithFaults(folder(), materials, [
    {
      make: async (setup) => {
        setup.rest = () => undefined;
        const silent = setup.keep(await startTcpServer(() => undefined));
        setup.target = () => silent.address;
        setup.request = {
          timeoutMs: LIMIT_MS,
          git: never,
          report: (event) => {
            if (event.kind !== 'check-started' || !notStarted.delete(event.id) || notStarted.size > 0) return;
            setImmediate(() => vi.advanceTimersByTime(LIMIT_MS));
          },
        };
        setup.project = {
          processes: never,
          drift: never,
          workerCheck: ({ signal, limitMs }) => {
            signals.push(signal);
            limits.push(limitMs);
            return never();
          },
        };
        setup.afterwards.push(() => {
          const at = join(setup.folder, 'node_modules', '@temporalio', 'worker');
          mkdirSync(at, { recursive: true });
          writeFileSync(join(at, 'package.json'), JSON.stringify({ name: '@temporalio/worker', version: '1.24.0' }));
        });
      },
    },
  ]);
  expect(report.status).toBe(4);
  expect(new Set(report.roots.map(({ state }) => state))).toEqual(new Set(['unknown']));
  const timedOut = report.results.filter(
    ({ summary }) => summary === 'no result within the time limit of 0.6 s for the whole run',
  );
  expect(timedOut.map(({ id }) => id)).toEqual(expect.arrayContaining(['KF-FILE-002', 'KF-PROJ-001', 'KF-WORK-001']));
  expect(report.roots.map(({ id }) => id)).toEqual(expect.arrayContaining(['KF-REST-001', 'KF-TLS-003']));
  expect(report.created).toEqual([]);
  expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
  expect(limits).toEqual([450]);
});

it('has a time limit of 15 seconds by default', async () => {
  const fake = fakeHost(['doctor', '--help'], { cwd: folder() });
  const root = { name: 'kuflow', description: '', version: '0', invocation: 'npx kuflow', commands: kuflowEntries };
  await runProgram(root, fake.host);
  expect(fake.stdout()).toMatch(/--timeout <seconds>\s+Time limit for the whole run \(default: 15\)/);
});
