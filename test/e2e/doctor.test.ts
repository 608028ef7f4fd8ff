import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { sampleDefinition } from '../../src/process/sample.ts';
import { makeTestAuthority } from '../support/certificates.ts';
import { startEngineStub, startTcpServer } from '../support/engine-server.ts';
import { projectCopy } from '../support/generated-project.ts';
import { packedCommand, type CommandEnd } from '../support/packed-command.ts';
import { startTestPlatform, type TestPlatform } from '../support/platform.ts';
import { processUser, type ProcessUser } from '../support/process-user.ts';
import { until } from '../support/until.ts';
import { startWorkerProcess, workerEnvironment, type WorkerProcess } from '../support/worker-process.ts';

interface Answer {
  readonly status: number;
  readonly roots: readonly { readonly id: string; readonly code: string; readonly text: string }[];
  readonly results: readonly {
    readonly id: string;
    readonly state: string;
    readonly summary: string;
    readonly skipped?: string;
  }[];
  readonly created: readonly string[];
}

let running: TestPlatform;
let user: ProcessUser;
let project: string;
let worker: WorkerProcess | undefined;

beforeAll(async () => {
  project = projectCopy(join(mkdtempSync(join(inject('runFolder'), 'doctor-')), 'loan-worker'));
  running = await startTestPlatform();
  user = await processUser(running.platform);
});

afterAll(async () => {
  await worker?.kill();
  await user.close();
  await running.remove();
});

const environment = (more: Record<string, string> = {}): Record<string, string> =>
  workerEnvironment(running.platform, more);

function doctor(argv: readonly string[], env: Record<string, string>, cwd = project): Promise<CommandEnd> {
  return packedCommand('kuflow', ['doctor', '--timeout', '60', ...argv], { cwd, env });
}

async function answer(argv: readonly string[], env = environment()): Promise<Answer> {
  const { out, err } = await doctor([...argv, '--json'], env);
  expect(out, err).toMatch(/^\{/);
  const parsed = JSON.parse(out) as Answer;
  expect(out + err).not.toContain(running.platform.identity.application.secret.reveal());
  return parsed;
}

const codes = ({ roots }: Answer): readonly string[] => roots.map(({ id, code }) => `${id} ${code}`);
const summaryOf = ({ results }: Answer, id: string): string =>
  results.find((result) => result.id === id)?.summary ?? 'no such check';

describe('kuflow doctor on the local platform', () => {
  it('passes every check except pollers in a project whose worker is not running', async () => {
    const seen = await answer([]);
    expect(codes(seen)).toEqual(['KF-POLL-001 pollers-none']);
    expect(seen.status).toBe(0);
    expect(seen.created.slice(0, 2)).toEqual(['engine token', 'engine certificate']);
    expect(summaryOf(seen, 'KF-WORK-001')).toContain('namespace');
    expect(summaryOf(seen, 'KF-WORK-002')).toBe('doctor and worker agree');
    expect(summaryOf(seen, 'KF-PROJ-001')).toContain('generated code is up to date');
    expect(summaryOf(seen, 'KF-ENGINE-001')).toContain('Temporal server');
  });

  it('passes once the worker runs, and compares the task queue and workflow type of a process', async () => {
    const { taskQueue } = sampleDefinition().workflow;
    worker = startWorkerProcess(environment({ TEMPORAL_KUFLOWQUEUE: taskQueue }));
    await worker.ready();
    const processId = await user.start(sampleDefinition().process.code);
    await user.item(processId, 'LOAN_APPLICATION');
    const quick = ['--skip', 'KF-WORK-001,KF-WORK-002', '--process', 'latest'];
    const seen = await answer(quick);
    expect(codes(seen)).toEqual([]);
    expect(summaryOf(seen, 'KF-POLL-001')).toContain(taskQueue);
    expect(summaryOf(seen, 'KF-PROC-001')).toContain(sampleDefinition().workflow.type);

    const elsewhere = await answer(quick, environment({ TEMPORAL_KUFLOWQUEUE: `${taskQueue}_2` }));
    expect(codes(elsewhere)).toEqual([
      'KF-PROC-001 process-queue-differs',
      'KF-POLL-001 pollers-none',
      'KF-PROJ-001 definition-queue-differs',
    ]);
    const unknown = await answer(['--only', 'KF-PROC-001', '--process', '018f3a1c-0000-7000-8000-00000000000a']);
    expect(unknown).toMatchObject({ status: 0, roots: [] });
    expect(summaryOf(unknown, 'KF-PROC-001')).toContain('the engine has no workflow');
  });

  it('reports pollers and waiting tasks by kind, as the engine knows them', async () => {
    const { temporal } = user;
    const { namespace } = running.platform.identity;
    const queue = (name: string): Promise<Answer> =>
      answer(['--only', 'KF-POLL-001'], environment({ TEMPORAL_KUFLOWQUEUE: name }));
    const said = async (name: string, code: string): Promise<Answer> =>
      until(`${code} of ${name}`, async () => {
        const seen = await queue(name);
        return codes(seen).join() === code ? seen : undefined;
      });
    const stop = new AbortController();
    const poll = (name: string): Promise<unknown> =>
      temporal
        .withAbortSignal(stop.signal, () =>
          temporal.withDeadline(Date.now() + 180_000, () =>
            temporal.workflowService.pollActivityTaskQueue({ namespace, identity: 'idle', taskQueue: { name } }),
          ),
        )
        .catch((error: unknown) => {
          if (!stop.signal.aborted) throw error;
        });

    const workflow = await temporal.workflow.start('NobodyHasIt', { workflowId: 'waits', taskQueue: 'WAITS' });
    const waits = await said('WAITS', 'KF-POLL-001 pollers-none-backlog');
    expect(waits.status).toBe(1);
    expect(summaryOf(waits, 'KF-POLL-001')).toContain('1 workflow task is waiting');

    const polls = [poll('WAITS'), poll('IDLE')];
    const wrong = await said('WAITS', 'KF-POLL-001 pollers-wrong-kind-backlog');
    expect(wrong.status).toBe(1);
    const idle = await said('IDLE', 'KF-POLL-001 pollers-wrong-kind');
    expect(idle.status).toBe(0);

    stop.abort();
    await Promise.all(polls);
    await workflow.terminate();
  });

  it('creates nothing with --no-create, and reports a wrong secret only once although the worker fails with it too', async () => {
    const quiet = await answer(['--no-create']);
    expect(quiet).toMatchObject({ status: 0, created: [] });
    const wrong = await answer([], environment({ KUFLOW_API_CLIENTSECRET: 'wrong' }));
    expect(codes(wrong)).toEqual(['KF-REST-001 rest-unauthorized']);
    expect(wrong.status).toBe(1);
    expect(summaryOf(wrong, 'KF-WORK-002')).toContain('like KF-REST-001');
  });

  it.each([
    ['DescribeNamespace', { DescribeNamespace: { code: 7 }, DescribeTaskQueue: { code: 7 } }],
    ['GetSystemInfo', { GetSystemInfo: { code: 12 } }],
  ])('agrees with the worker about an engine that restricts %s', async (what, status) => {
    const authority = await makeTestAuthority();
    const server = await authority.issue({ commonName: 'engine', usage: 'server', hosts: ['127.0.0.1'] });
    const { cert, key } = await authority.issue({ commonName: 'worker', toDays: 60 });
    const engine = await startEngineStub({ server, clientCa: authority.cert, status });
    const env = environment({
      TEMPORAL_NAMESPACE: 'tenant-1',
      TEMPORAL_MUTUALTLS_CERTDATA: cert,
      TEMPORAL_MUTUALTLS_KEYDATA: key,
      TEMPORAL_MUTUALTLS_CADATA: authority.cert,
      TEMPORAL_TARGET: 'engine.invalid:443',
    });
    // Set with an option, which the worker does not receive.
    const seen = await answer(['--target', engine.address], env);
    await engine.close();
    if (what === 'DescribeNamespace') {
      // No worker of Temporal's SDK starts without this call. The token is for another namespace.
      expect(codes(seen)).toEqual(['KF-ENGINE-002 engine-namespace-differs']);
      expect(seen.status).toBe(1);
      expect(summaryOf(seen, 'KF-WORK-002')).toContain('like KF-ENGINE-002');
    } else {
      expect(codes(seen)).toEqual(['KF-POLL-001 pollers-none']);
      expect(seen.status).toBe(0);
      expect(summaryOf(seen, 'KF-ENGINE-001')).toContain('does not start');
      expect(summaryOf(seen, 'KF-WORK-001')).toContain('the worker ran and stopped at connect');
      expect(summaryOf(seen, 'KF-WORK-002')).toContain('the worker stops at connect, which the engine restricts');
    }
    expect(seen.created).toEqual(['engine token', "engine token (by the worker's own check)"]);
  });

  it("waits for the worker's report within the time limit when both stop at a silent engine", async () => {
    const silent = await startTcpServer(() => undefined);
    const seen = await answer(['--timeout', '12'], environment({ TEMPORAL_TARGET: silent.address }));
    await silent.close();
    expect(codes(seen)).toEqual(['KF-TLS-003 engine-silent']);
    expect(seen.status).toBe(4);
    expect(summaryOf(seen, 'KF-WORK-002')).toContain('like KF-TLS-003: no result within the time limit of 10 s');
  });

  it('detects a definition that changed since its code was generated', async () => {
    const file = join(project, 'kuflow.process.yaml');
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replace(/firstName/g, 'givenName'));
    const offline = await answer(['--offline']);
    writeFileSync(file, text);
    expect(codes(offline)).toEqual(['KF-PROJ-001 definition-drift']);
    expect(codes(await answer(['--offline']))).toEqual([]);
  });
});
