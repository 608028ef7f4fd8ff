import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sampleDefinition } from '../../../../src/process/sample.ts';
import type { Ran } from '../../../support/create-worker.ts';
import { runKuflow } from '../../../support/run-kuflow.ts';
import { leaveRunningState } from '../../../support/running-state.ts';
import { temporaryFolders } from '../../../support/temporary-folder.ts';

const temporaryFolder = temporaryFolders();

let folder: string;
let running: { close(): void };
const dev = (...args: readonly string[]): Promise<Ran> => runKuflow(folder, ['dev', ...args]);

beforeEach(async () => {
  folder = temporaryFolder();
  const stateDir = join(folder, '.kuflow', 'dev');
  mkdirSync(stateDir, { recursive: true });
  running = await leaveRunningState(stateDir, sampleDefinition());
});
afterEach(() => running.close());

describe('options for starting a platform, when one is running', () => {
  const LATE = ['--port', '1234', '--token-life', '5s', '--host-name', 'foo', '--requests'];
  const WARNING =
    'Ignored, because the local KuFlow is already running: --port, --host-name, --token-life, --requests\n';

  it('are reported as ignored in one line', async () => {
    expect((await dev('exec', ...LATE, '--', './no-such-program')).stderr).toContain(WARNING);
    expect((await dev(...LATE, 'exec', '--', './no-such-program')).stderr).toContain(WARNING);
    const unserved =
      'process: { code: OTHER }\nworkflow: { type: Other, task-queue: Q }\ntasks: [{ code: A, kind: human }]\n';
    writeFileSync(join(folder, 'kuflow.process.yaml'), unserved);
    expect((await dev('simulate', 'OTHER', ...LATE, '--', './no-such-program')).stderr).toContain(WARNING);
  });

  it('are not reported if the platform already matches them', async () => {
    const { stderr } = await dev('exec', '--port', '7480', '--https-port', '0', '--', './no-such-program');
    expect(stderr).toContain('Using the local KuFlow that is already running');
    expect(stderr).not.toContain('Ignored');
  });
});

describe('an invalid simulate command line', () => {
  it('reports surplus codes and suggests the corrected command', async () => {
    const { status, stderr } = await dev('simulate', 'LOAN', 'LOAN2', '--state-dir', 'a b', '--', 'npm', 'run', 'x y');
    expect(status).toBe(2);
    expect(stderr).toContain('Too many arguments before --: LOAN2. Expected one process definition code');
    expect(stderr).toContain("→ npx kuflow dev simulate LOAN --state-dir 'a b' -- npm run 'x y'\n");
    const without = await dev('simulate', 'LOAN', 'npm', 'start');
    expect([without.status, without.stderr]).toEqual([
      2,
      expect.stringContaining('The command that starts the worker is missing'),
    ]);
  });

  it('reports a code that is not served, before anything starts', async () => {
    const options = ['--state-dir', 'other', '--temporal-path', 'none'];
    const { status, stderr } = await dev('simulate', 'LAON', ...options, '--', 'true');
    const message = 'The local KuFlow does not serve LAON\n  → Did you mean LOAN?\n  → Available: LOAN\n';
    expect([status, stderr]).toEqual([2, expect.stringContaining(message)]);
    expect(existsSync(join(folder, 'other'))).toBe(false);
  });

  it('reports a worker log that cannot be written, before anything starts', async () => {
    const options = ['--state-dir', 'other', '--worker-log', join('none', 'x.log')];
    const { status, stderr } = await dev('simulate', ...options, '--', 'true');
    expect(status).toBe(2);
    expect(stderr).toMatch(/Cannot write the worker log to \S+x\.log: ENOENT/);
    expect(stderr).toContain('--worker-log');
    expect(existsSync(join(folder, 'other'))).toBe(false);
  });
});

describe('--host-name', () => {
  it.each(['a b', 'a/b', '::1', '*.local', 'a..b', '-a', '1.2.3.999', 'a'.repeat(64)])(
    'rejects an invalid DNS name: %s',
    async (name) => {
      const { status, stderr } = await dev('--host-name', name);
      expect(status).toBe(2);
      expect(stderr).toContain('must be a DNS name such as kuflow.local, not ');
    },
  );

  it.each(['kuflow', 'kuflow.local', 'my_service', 'host.docker.internal', '10.0.0.1'])('accepts %s', async (name) => {
    const { stderr } = await dev('--host-name', 'first.local', '--host-name', name);
    expect(stderr).toContain('A local KuFlow is already running');
  });
});

describe('suggested commands with another state folder', () => {
  it('include --state-dir', async () => {
    const there = join('.kuflow', 'dev');
    const { stderr } = await dev('--state-dir', there);
    expect(stderr).toContain(`kuflow dev exec --state-dir ${there} -- <command>\n`);
    const none = await dev('env', '--state-dir', "it's");
    expect(none.stderr).toContain("kuflow dev --state-dir 'it'\\''s'\n");
  });
});
