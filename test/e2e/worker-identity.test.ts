import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWorkersTogether, runnableWorkers, type Worker } from '../support/describe-workers.ts';
import { runAlone } from '../support/lanes.ts';
import { startTestPlatform, type TestPlatform } from '../support/platform.ts';
import { processUser, type ProcessUser } from '../support/process-user.ts';
import { startRestRelay, type RestRelay } from '../support/rest-relay.ts';
import { until } from '../support/until.ts';
import { startWorkerProcess, workerEnvironment, type WorkerProcess } from '../support/worker-process.ts';
import { trialDefinition } from '../support/worker-project.ts';

runAlone();

const GIVES_UP = /^Stopping the worker: the engine token expired (?:a minute ago )?and could not be renewed$/;
/** Long polls that began before the certificate was replaced end with the old connection. Temporal's SDK for Java logs that. */
const ENDED_POLL = /^Failure in poller thread/;

/** What an error says about a refused connection. */
const REFUSED = { TypeScript: 'ECONNREFUSED', Java: 'could not connect', Python: 'ConnectionRefusedError' };

let running: TestPlatform;
let user: ProcessUser;
const workers: WorkerProcess[] = [];
const relays: RestRelay[] = [];

/** One of the workers that run at the same time, each with its own task queue and its own relay to the REST API. */
interface Trial {
  readonly worker: WorkerProcess;
  readonly relay: RestRelay;
  readonly processId: string;
}

interface Trials {
  readonly renewing: Trial;
  readonly withoutRest: Trial;
  /** Why the worker without REST API is not ready. */
  readonly notReady: Promise<string>;
}
const trialsOf = new Map<string, Trials>();

const codeOf = (trial: 'RENEWING' | 'WITHOUT_REST', language: string): string => `${trial}_${language.toUpperCase()}`;

async function startTrial(code: string, folder: string): Promise<Trial> {
  const relay = await startRestRelay({ to: running.platform.loopback.http, tokenDelay: 300 });
  relays.push(relay);
  const environment = { KUFLOW_API_ENDPOINT: relay.url, TEMPORAL_KUFLOWQUEUE: `${code}_QUEUE` };
  const worker = startWorkerProcess(workerEnvironment(running.platform, environment), folder);
  workers.push(worker);
  await worker.ready();
  return { worker, relay, processId: await user.start(code) };
}

async function startTrials({ language, project }: Worker): Promise<Trials> {
  const withoutRest = await startTrial(codeOf('WITHOUT_REST', language), project());
  const renewing = await startTrial(codeOf('RENEWING', language), project());
  await withoutRest.relay.goDown();
  const notReady = until('the worker without REST API is not ready', async () => {
    // A Python worker may have ended before this sees it.
    if (!withoutRest.worker.running()) return withoutRest.worker.output();
    const answer = await fetch(`${withoutRest.worker.health()}/readyz`).catch(() => undefined);
    return answer?.status === 503 && (await answer.text());
  });
  notReady.catch(() => undefined);
  return { withoutRest, renewing, notReady };
}

beforeAll(async () => {
  for (const { project } of runnableWorkers()) project();
  const codes = runnableWorkers().flatMap(({ language }) => [
    codeOf('RENEWING', language),
    codeOf('WITHOUT_REST', language),
  ]);
  running = await startTestPlatform({
    tokenLife: 10,
    tokenGrace: 0,
    certificateLife: 60,
    definitions: codes.map((code) => trialDefinition(code, 'SteadyWorkflow')),
  });
  user = await processUser(running.platform);
  // One after the other, because a token that expires before its worker has connected ends the worker.
  for (const one of runnableWorkers()) trialsOf.set(one.language, await startTrials(one));
});

afterAll(async () => {
  for (const worker of workers) await worker.kill();
  for (const relay of relays) await relay.close();
  await user.close();
  await running.remove();
});

describeWorkersTogether('with 10-second tokens, no grace period and 60-second certificates', ({ language }) => {
  const trials = (): Trials => trialsOf.get(language) as Trials;

  it('a worker that renews them loses no task in 75 s of short activities [java, python, typescript: token.renewal, token.single, certificate.renewal]', async () => {
    const { worker, relay, processId } = trials().renewing;
    await until(
      'the workflow has ended',
      async () => {
        if (!worker.running()) throw new Error(`The worker ended: ${worker.output()}`);
        return (await user.client.retrieveProcess(processId)).state === 'COMPLETED';
      },
      300_000,
    );
    const history = await user.history(processId);
    const count = (type: string): number => history.filter((event) => event.type === type).length;
    expect(count('ACTIVITY_TASK_COMPLETED')).toBeGreaterThan(100);
    expect(count('ACTIVITY_TASK_COMPLETED')).toBe(count('ACTIVITY_TASK_SCHEDULED'));
    const attempts = history
      .filter(({ type }) => type === 'ACTIVITY_TASK_STARTED')
      .map(({ attributes }) => attributes['attempt']);
    expect(new Set(attempts)).toEqual(new Set([1]));
    expect(history.filter(({ type }) => /TASK_(FAILED|TIMED_OUT)/.test(type))).toEqual([]);

    const tokens = relay
      .bodies('POST', '/authentications')
      .filter((body) => (body as { type: string }).type === 'ENGINE_TOKEN');
    expect(tokens.length).toBeGreaterThan(15);
    expect(relay.mostTokenRequestsAtOnce()).toBe(1);
    const problems = worker.log.filter(({ level }) => level === 'WARN' || level === 'ERROR');
    expect(problems.filter(({ message }) => !ENDED_POLL.test(message))).toEqual([]);
  });

  it('the same worker has replaced its certificate [java, python, typescript: certificate.request, certificate.renewal]', () => {
    const { worker, relay } = trials().renewing;
    const certificates = relay
      .bodies('POST', '/authentications')
      .filter((body) => (body as { type: string }).type === 'ENGINE_CERTIFICATE');
    expect(certificates.length).toBeGreaterThanOrEqual(2);
    expect(worker.log.filter(({ message }) => message === 'Engine certificate replaced')).toHaveLength(
      certificates.length - 1,
    );
  });

  it('a worker whose REST API is down past the expiry exits with 1 and names the cause [java, python, typescript: token.lost, health.ready]', async () => {
    const { withoutRest, notReady } = trials();
    const { worker, relay } = withoutRest;
    expect(await notReady).toContain('engine token expired');
    expect(await worker.exited).toBe(1);
    const last = worker.log.find(({ message }) => GIVES_UP.test(message));
    expect(last).toMatchObject({ level: 'ERROR' });
    expect(last?.error).toContain('/authentications: no response');
    expect(last?.error).toContain(REFUSED[language]);
    expect(last?.error).toContain(new URL(relay.url).port);
  });

  it('a worker that renews drains and exits with 0 [java, python, typescript: shutdown.drain]', async () => {
    const { worker } = trials().renewing;
    worker.signal('SIGTERM');
    expect(await worker.exited).toBe(0);
  });
});
