import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createKuFlowClient } from '../../src/kuflow/client.ts';
import type { ProcessDefinition } from '../../src/process/definition.ts';
import { sampleDefinition } from '../../src/process/sample.ts';
import { closedPort } from '../support/answering-server.ts';
import { makeTestAuthority } from '../support/certificates.ts';
import { startConnectProxy, type ConnectProxy } from '../support/connect-proxy.ts';
import { describeWorkers, describeWorkersTogether, runnableWorkers, type Worker } from '../support/describe-workers.ts';
import { engineOutage, type EngineOutage } from '../support/engine-outage.ts';
import { startEngineStub, type TestServer } from '../support/engine-server.ts';
import { startTestPlatform, type TestPlatform } from '../support/platform.ts';
import { processUser, type ProcessUser } from '../support/process-user.ts';
import { startRestRelay, type RestRelay } from '../support/rest-relay.ts';
import { until } from '../support/until.ts';
import { runChecks, type CheckJson, type LimitedCheck } from '../support/worker-checks.ts';
import {
  bareEnvironment,
  runWorkerCommand,
  startWorkerProcess,
  workerEnvironment,
  type CommandOutcome,
  type WorkerProcess,
} from '../support/worker-process.ts';
import { trialDefinition, workerAgent } from '../support/worker-project.ts';

const STEPS = ['settings', 'rest', 'token', 'certificate', 'connect', 'namespace'];
const HOST = 'kuflow.test';
const CHECK_SECONDS = 'KUFLOW_WORKER_CHECK_SECONDS';

const KUFLOW = { TypeScript: 'npx kuflow', Java: './kuflow', Python: './kuflow' };
const DEVELOPMENT = { TypeScript: '--dev', Java: '--spring.profiles.active=dev', Python: '--dev' };

interface CheckOutcome {
  readonly status: number | string;
  readonly json: CheckJson;
}

/** The sample process with another code and its own task queue. */
function loan(code: string): ProcessDefinition {
  return {
    ...sampleDefinition(),
    process: { code, name: code },
    workflow: { type: 'LoanWorkflow', taskQueue: `${code}_QUEUE` },
  };
}

/** The types of the authentications that were requested through this relay. */
const typesOf = (relay: RestRelay): readonly unknown[] =>
  relay.bodies('POST', '/authentications').map((body) => (body as { type: unknown }).type);
const statusOf = ({ steps }: CheckJson, step: string): string | undefined =>
  steps.find((found) => found.step === step)?.status;
const detailOf = ({ steps }: CheckJson, step: string): string =>
  steps.find((found) => found.step === step)?.detail ?? '';

/** Slow checks of the workers of all languages, which run during the other tests. */
interface SlowTrials {
  readonly outage: Promise<EngineOutage>;
  /** A check against a server that accepts connections but never answers. */
  readonly silentCheck: Promise<CommandOutcome>;
  readonly shutdown: Promise<Shutdown>;
}

/** A shutdown while an activity runs that does not end by itself. */
interface Shutdown {
  readonly status: number | string;
  /** Milliseconds from the end of polling until the activity was asked to end, and until the worker had ended. */
  readonly canceledAfterMs: number;
  readonly endedAfterMs: number;
  /** The types of the authentications that the worker requested. */
  readonly authentications: readonly unknown[];
}

let folder: string;
let running: TestPlatform;
let user: ProcessUser;
let proxy: ConnectProxy;
let silent: Server;
const silentSockets: Socket[] = [];
const relays: RestRelay[] = [];
const slowTrialsOf = new Map<string, SlowTrials>();

const slowTrials = (language: string): SlowTrials => slowTrialsOf.get(language) as SlowTrials;
const outageCode = (language: string): string => `OUTAGE_${language.toUpperCase()}`;
const stuckCode = (language: string): string => `STUCK_${language.toUpperCase()}`;
const silentPort = (): number => (silent.address() as AddressInfo).port;

async function relayed(): Promise<RestRelay> {
  const relay = await startRestRelay({ to: running.platform.loopback.http });
  relays.push(relay);
  return relay;
}

async function engineCertificate(): Promise<{ cert: string; key: string; ca: string; namespace: string }> {
  const { application } = running.platform.identity;
  const client = createKuFlowClient({
    endpoint: running.platform.loopback.http,
    credentials: { clientId: application.id, clientSecret: application.secret },
  });
  const { engineCertificate: issued } = await client.createAuthentication({ type: 'ENGINE_CERTIFICATE' });
  await client.close();
  if (issued === undefined) throw new Error('no certificate');
  const { serverRootCaCertificate: ca, clientCertificate: cert, clientPrivateKey: key } = issued.tls;
  return { cert, key, ca, namespace: issued.namespace };
}

function startSlowTrials({ language, project }: Worker): SlowTrials {
  const outage = engineOutage(running.platform, user, outageCode(language), 75, project());
  outage.catch(() => undefined);
  const silentCheck = runWorkerCommand(
    workerEnvironment(running.platform, { KUFLOW_API_ENDPOINT: `http://127.0.0.1:${silentPort()}` }),
    ['--check', '--json'],
    project(),
  );
  const shutdown = shutDownWhileStuck(stuckCode(language), project());
  shutdown.catch(() => undefined);
  return { outage, silentCheck, shutdown };
}

/** The worker has inline certificates with other line endings, and another CA before the right one. */
async function shutDownWhileStuck(code: string, project: string): Promise<Shutdown> {
  const relay = await relayed();
  const { cert, key, ca: authority, namespace } = await engineCertificate();
  const ca = `${(await makeTestAuthority('Another CA')).cert}${authority}`;
  const environment = workerEnvironment(running.platform, {
    KUFLOW_API_ENDPOINT: relay.url,
    TEMPORAL_KUFLOWQUEUE: `${code}_QUEUE`,
    TEMPORAL_NAMESPACE: namespace,
    TEMPORAL_MUTUALTLS_CERTDATA: cert.replaceAll('\n', '\\n'),
    TEMPORAL_MUTUALTLS_KEYDATA: key.replaceAll('\n', '\\n'),
    TEMPORAL_MUTUALTLS_CADATA: ca.replaceAll('\n', '\r\n'),
  });
  const worker = startWorkerProcess(environment, project);
  try {
    await worker.ready();
    const processId = await user.start(code);
    const timeOf = async (message: string): Promise<number> => {
      const find = () => worker.log.find((line) => line.message === message);
      return Date.parse((await until(`the line ${message}`, find, 120_000)).time);
    };
    await timeOf('Begun');
    worker.signal('SIGTERM');
    const stopped = await timeOf('Shutting down: polling has stopped, waiting for running tasks');
    const canceled = await timeOf('Asked to end');
    const status = await worker.exited;
    const ended = Date.now();
    await user.temporal.workflow.getHandle(processId).terminate('seen');
    return {
      status,
      canceledAfterMs: canceled - stopped,
      endedAfterMs: ended - stopped,
      authentications: typesOf(relay),
    };
  } finally {
    await worker.kill();
  }
}

beforeAll(async () => {
  for (const { project } of runnableWorkers()) project();
  folder = mkdtempSync(join(inject('runFolder'), 'connection-'));
  const outages = runnableWorkers().map(({ language }) => outageCode(language));
  running = await startTestPlatform({
    hostNames: [HOST],
    definitions: [
      ...['FILES', 'PROXY', ...outages].map(loan),
      ...runnableWorkers().map(({ language }) => trialDefinition(stuckCode(language), 'StuckWorkflow')),
    ],
  });
  user = await processUser(running.platform);
  proxy = await startConnectProxy({ hosts: { [HOST]: '127.0.0.1' }, credentials: 'someone:pass word' });
  silent = createServer((socket) => silentSockets.push(socket));
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  for (const worker of runnableWorkers()) slowTrialsOf.set(worker.language, startSlowTrials(worker));
});

afterAll(async () => {
  const trials = [...slowTrialsOf.values()];
  await Promise.allSettled(trials.map(({ shutdown }) => shutdown));
  const outages = await Promise.allSettled(trials.map(({ outage }) => outage));
  for (const outage of outages) if (outage.status === 'fulfilled') await outage.value.worker.kill();
  for (const relay of relays) await relay.close();
  for (const socket of silentSockets) socket.destroy();
  silent.close();
  await proxy.close();
  await user.close();
  await running.remove();
});

describeWorkers('a worker', ({ language, project }) => {
  let byFiles: WorkerProcess;
  const workers: WorkerProcess[] = [];
  const engines: TestServer[] = [];

  async function completeLoan(code: string, worker: WorkerProcess): Promise<void> {
    const failIfExited = (): void => {
      if (!worker.running()) throw new Error(`The worker ended: ${worker.output()}`);
    };
    const processId = await user.start(code);
    const application = { firstName: 'Ada', lastName: 'Lovelace', currency: 'EUR', amount: 10 };
    await user.complete(processId, 'LOAN_APPLICATION', application);
    await user.complete(processId, 'APPROVE_LOAN', { approved: true });
    await user.completed(processId, failIfExited);
  }

  async function start(code: string, environment: Record<string, string>): Promise<WorkerProcess> {
    const worker = startWorkerProcess(
      workerEnvironment(running.platform, { TEMPORAL_KUFLOWQUEUE: `${code}_QUEUE`, ...environment }),
      project(),
    );
    workers.push(worker);
    await worker.ready();
    return worker;
  }

  function writeMaterial({ cert, key, ca }: { cert: string; key: string; ca: string }): Record<string, string> {
    const file = (name: string, text: string): string => {
      const path = join(folder, name);
      writeFileSync(path, text, { mode: 0o600 });
      return path;
    };
    return {
      TEMPORAL_MUTUALTLS_CERT: file('client.crt', cert),
      TEMPORAL_MUTUALTLS_KEY: file('client.key', key),
      TEMPORAL_MUTUALTLS_CA: file('ca.crt', ca),
    };
  }

  /** The settings with the platform's host name, which only the proxy can resolve. */
  function throughProxy(environment: Record<string, string>): Record<string, string> {
    const { endpoints, caFile } = running.platform;
    return workerEnvironment(running.platform, {
      KUFLOW_API_ENDPOINT: endpoints.https,
      KUFLOW_API_CA: caFile,
      TEMPORAL_TARGET: endpoints.engine,
      ...environment,
    });
  }

  async function check(environment: Record<string, string>): Promise<CheckOutcome> {
    const { status, stdout, stderr } = await runWorkerCommand(environment, ['--check', '--json'], project());
    const lines = stdout.trim().split('\n');
    if (lines.length !== 1) throw new Error(`Not one line of JSON: ${stdout}${stderr}`);
    return { status, json: JSON.parse(lines[0] ?? '') as CheckJson };
  }

  afterAll(async () => {
    for (const worker of workers) await worker.kill();
    for (const engine of engines) await engine.close();
  });

  describe('a worker with its own certificate', () => {
    it('completes a process with certificate files, without requesting a certificate [java, python, typescript: certificate.settings]', async () => {
      const relay = await relayed();
      const { namespace, ...material } = await engineCertificate();
      byFiles = await start('FILES', {
        KUFLOW_API_ENDPOINT: relay.url,
        TEMPORAL_NAMESPACE: namespace,
        ...writeMaterial(material),
      });
      await completeLoan('FILES', byFiles);
      expect(typesOf(relay)).toEqual(['ENGINE_TOKEN']);
      // The files are replaced while the worker runs. The last test checks the result, after the worker has had time.
      writeMaterial(await engineCertificate());
    });

    const incomplete = (variable: string): Record<string, string> =>
      workerEnvironment(running.platform, { TEMPORAL_NAMESPACE: 'n', [variable]: 'whatever' });

    it('starts only if a file has its key and CA [java, python, typescript: certificate.complete]', async () => {
      const { status, stderr } = await runWorkerCommand(incomplete('TEMPORAL_MUTUALTLS_CERT'), [], project());
      expect(status).toBe(2);
      expect(stderr).toContain('missing temporal.mutual-tls.key and temporal.mutual-tls.ca, which it requires');
    });

    it('passes --check only if inline data has its key and CA [java, python, typescript: certificate.complete]', async () => {
      const { status, json } = await check(incomplete('TEMPORAL_MUTUALTLS_CERTDATA'));
      expect(status).toBe(2);
      expect(detailOf(json, 'settings')).toContain(
        'missing temporal.mutual-tls.key-data and temporal.mutual-tls.ca-data, which it requires',
      );
    });
  });

  describe('a CONNECT proxy that resolves the host names', () => {
    const ports = (): { rest: string; engine: string } => ({
      rest: new URL(running.platform.endpoints.https).port,
      engine: running.platform.endpoints.engine.split(':').at(-1) ?? '',
    });
    const address = (): string => proxy.url.replace('//', '//someone:pass%20word@');

    it('is used and reported by --check, for REST and gRPC [java, python, typescript: proxy.planes, rest.authorities]', async () => {
      // Node trusts the CA of the platform already, and the setting adds another one.
      const another = join(folder, 'another-ca.crt');
      writeFileSync(another, (await makeTestAuthority('Another CA')).cert);
      const trusted =
        language === 'TypeScript'
          ? { KUFLOW_API_CA: another, NODE_EXTRA_CA_CERTS: running.platform.caFile }
          : { KUFLOW_API_CA: running.platform.caFile };
      const { status, json } = await check(throughProxy({ HTTPS_PROXY: address(), ...trusted }));
      expect(json.steps.map(({ step, status: one }) => [step, one])).toEqual(STEPS.map((step) => [step, 'ok']));
      expect(status).toBe(0);
      const shown = `through the proxy ${new URL(proxy.url).host}`;
      expect(detailOf(json, 'rest')).toContain(shown);
      expect(detailOf(json, 'connect')).toContain(shown);
      expect(JSON.stringify(json)).not.toMatch(/pass.{0,2}word/);
      expect(new Set(proxy.connects)).toEqual(new Set([`${HOST}:${ports().rest}`, `${HOST}:${ports().engine}`]));
    });

    it('lets a worker complete a process [java, python, typescript: proxy.planes, rest.authorities]', async () => {
      const before = proxy.connects.length;
      const worker = await start(
        'PROXY',
        throughProxy({ TEMPORAL_PROXY: address(), TEMPORAL_KUFLOWQUEUE: 'PROXY_QUEUE' }),
      );
      await completeLoan('PROXY', worker);
      const connects = proxy.connects.slice(before);
      expect(connects).toContain(`${HOST}:${ports().rest}`);
      expect(connects).toContain(`${HOST}:${ports().engine}`);
      expect(proxy.plainRequests).toEqual([]);
      worker.signal('SIGTERM');
      expect(await worker.exited).toBe(0);
    });

    it('is not used for hosts in NO_PROXY, so their names do not resolve [java, python, typescript: proxy.exceptions]', async () => {
      const before = proxy.connects.length;
      const { status, json } = await check(throughProxy({ HTTPS_PROXY: address(), NO_PROXY: `.${HOST}` }));
      expect(proxy.connects).toHaveLength(before);
      expect(statusOf(json, 'rest')).not.toBe('ok');
      expect([1, 4]).toContain(status);
    });
  });

  describe('--check', () => {
    /** What `CheckTest` of the Java library has, with a real TLS server and without another start of a JVM. */
    const itOutsideJava = language === 'Java' ? () => undefined : it;
    /** An address that refuses connections. */
    let unused: string;
    /** A namespace that does not exist. */
    let typo: string;
    const outsideJava = new Map<string, LimitedCheck>();
    const resultOf = (name: string): LimitedCheck => outsideJava.get(name) ?? expect.fail(name);

    beforeAll(async () => {
      if (language === 'Java') return;
      unused = `127.0.0.1:${await closedPort()}`;
      const environments: Record<string, Record<string, string>> = {
        'refused by KuFlow': workerEnvironment(running.platform, { KUFLOW_API_ENDPOINT: `http://${unused}` }),
        'refused by the engine': workerEnvironment(running.platform, { TEMPORAL_TARGET: unused }),
        'GetSystemInfo 7': await environmentOfFailingEngine(7, 'GetSystemInfo'),
        'GetSystemInfo 12': await environmentOfFailingEngine(12, 'GetSystemInfo'),
        'no namespace': await environmentOfFailingEngine(5),
        'typo in the namespace': await environmentWithTypo(),
        // The call itself ends after 10 s.
        'silent engine': workerEnvironment(running.platform, { TEMPORAL_TARGET: `127.0.0.1:${silentPort()}` }),
      };
      const cases = Object.entries(environments).map(([name, environment]) => ({
        environment,
        seconds: name === 'silent engine' ? 8 : 600,
      }));
      const results = await runChecks(language, project(), cases);
      Object.keys(environments).forEach((name, index) => outsideJava.set(name, results[index] ?? expect.fail()));
    });

    it('prints one line for each step and exits with 0 [java, python, typescript: check.steps, check.status]', async () => {
      const { status, stdout } = await runWorkerCommand(workerEnvironment(running.platform), ['--check'], project());
      expect(
        stdout
          .trim()
          .split('\n')
          .map((line) => line.split(/ +/).slice(0, 2)),
      ).toEqual(STEPS.map((step) => ['ok', step]));
      expect(status).toBe(0);
    });

    it('exits with 1 for a wrong secret, and skips the remaining steps [java, python, typescript: check.steps, check.status]', async () => {
      const { status, json } = await check(
        workerEnvironment(running.platform, { KUFLOW_API_CLIENTSECRET: 'wrong-one' }),
      );
      expect([status, json.status]).toEqual([1, 1]);
      expect(json.steps.map(({ status: one }) => one)).toEqual([
        'ok',
        'failed',
        'skipped',
        'skipped',
        'skipped',
        'skipped',
      ]);
      expect(detailOf(json, 'rest')).toContain('401');
      expect(JSON.stringify(json)).not.toContain('wrong-one');
    });

    itOutsideJava('fails if the REST API refuses the connection, and names its address', () => {
      const result = resultOf('refused by KuFlow');
      expect([statusOf(result, 'rest'), result.status]).toEqual(['failed', 1]);
      expect(detailOf(result, 'rest')).toMatch(
        new RegExp(`${unused.replaceAll('.', '\\.')}[^]*(?:ECONNREFUSED|ConnectionRefusedError)`),
      );
    });

    itOutsideJava('fails at the connect step if the engine refuses the connection', () => {
      const result = resultOf('refused by the engine');
      expect(STEPS.slice(0, 4).map((step) => statusOf(result, step))).toEqual(['ok', 'ok', 'ok', 'ok']);
      expect([statusOf(result, 'connect'), result.status]).toEqual(['failed', 1]);
    });

    it('exits with 2 and lists all missing settings [java, python, typescript: settings.problems, check.status]', async () => {
      const { status, json } = await check(bareEnvironment());
      expect([status, json.status]).toEqual([2, 2]);
      expect(statusOf(json, 'settings')).toBe('failed');
      expect(detailOf(json, 'settings')).toMatch(/kuflow\.api\.client-id[^]*kuflow\.api\.client-secret/);
    });

    /** Starts an engine stub that answers `call` with a gRPC status. Resolves to the settings that connect to it. */
    async function environmentOfFailingEngine(
      code: number,
      call = 'DescribeNamespace',
    ): Promise<Record<string, string>> {
      const authority = await makeTestAuthority();
      const server = await authority.issue({ commonName: 'engine', usage: 'server', hosts: ['127.0.0.1'] });
      const { cert, key } = await authority.issue({ commonName: 'worker' });
      const status = { [call]: { code, message: 'no' } };
      const engine = await startEngineStub({ server, clientCa: authority.cert, status });
      engines.push(engine);
      return workerEnvironment(running.platform, {
        TEMPORAL_TARGET: engine.address,
        TEMPORAL_NAMESPACE: 'tenant-1',
        TEMPORAL_MUTUALTLS_CERTDATA: cert,
        TEMPORAL_MUTUALTLS_KEYDATA: key,
        TEMPORAL_MUTUALTLS_CADATA: authority.cert,
      });
    }

    /** With a certificate of the platform, and a namespace that it is not for. */
    async function environmentWithTypo(): Promise<Record<string, string>> {
      const { cert, key, ca, namespace } = await engineCertificate();
      typo = `${namespace}x`;
      return workerEnvironment(running.platform, {
        TEMPORAL_MUTUALTLS_CERTDATA: cert,
        TEMPORAL_MUTUALTLS_KEYDATA: key,
        TEMPORAL_MUTUALTLS_CADATA: ca,
        TEMPORAL_NAMESPACE: typo,
      });
    }

    it('does not start with a typo in the namespace', async () => {
      const { status } = await runWorkerCommand(await environmentWithTypo(), [], project());
      expect(status).toBe(1);
    });

    itOutsideJava('fails if the engine denies the namespace, with which the worker does not start', () => {
      const result = resultOf('typo in the namespace');
      expect(result.steps.map(({ status }) => status)).toEqual(['ok', 'ok', 'ok', 'ok', 'ok', 'failed']);
      expect(detailOf(result, 'namespace')).toContain(`the namespace ${typo} (PERMISSION_DENIED)`);
      expect(result.status).toBe(1);
    });

    for (const code of [7, 12])
      itOutsideJava(`names the call that the SDK needs to connect, if the engine restricts it (${code})`, () => {
        const result = resultOf(`GetSystemInfo ${code}`);
        expect([statusOf(result, 'connect'), result.status]).toEqual(['failed', 1]);
        expect(detailOf(result, 'connect')).toMatch(/GetSystemInfo|get_system_info/);
      });

    itOutsideJava('fails if the namespace does not exist', () => {
      const result = resultOf('no namespace');
      expect([statusOf(result, 'namespace'), result.status]).toEqual(['failed', 1]);
    });

    it("sends the worker's name and the version of its template to KuFlow, and exits with 0 if the engine does not support DescribeNamespace [java, python, typescript: start.identity]", async () => {
      const relay = await relayed();
      const environment = await environmentOfFailingEngine(12);
      const { status, json } = await check({ ...environment, KUFLOW_API_ENDPOINT: relay.url });
      expect(json.steps.map(({ status: one }) => one)).toEqual(['ok', 'ok', 'ok', 'ok', 'ok', 'skipped']);
      expect(detailOf(json, 'namespace')).toContain('UNIMPLEMENTED');
      expect([status, json.status]).toEqual([0, 0]);
      expect(relay.requests.length).toBeGreaterThan(1);
      expect(new Set(relay.requests.map(({ userAgent }) => userAgent))).toEqual(new Set([workerAgent(language)]));
    });

    itOutsideJava('is inconclusive after the time limit, with the results so far', () => {
      const result = resultOf('silent engine');
      expect([statusOf(result, 'certificate'), statusOf(result, 'connect'), result.status]).toEqual([
        'ok',
        'unknown',
        4,
      ]);
      expect(detailOf(result, 'connect')).toContain(`no result within the time limit of ${result.limit} s`);
    });

    it('exits with 2 if the time limit is not a number', async () => {
      const environment = workerEnvironment(running.platform, { [CHECK_SECONDS]: 'soon' });
      const wrong = await runWorkerCommand(environment, ['--check'], project());
      expect(wrong.status).toBe(2);
      expect(wrong.stderr).toContain(CHECK_SECONDS);
    });

    it('exits with 4 if a server never answers [java, python, typescript: check.status]', async () => {
      const { status, stdout } = await slowTrials(language).silentCheck;
      expect(status).toBe(4);
      expect(statusOf(JSON.parse(stdout) as CheckJson, 'rest')).toBe('unknown');
    });
  });

  describe('the worker command', () => {
    it('exits with 2 without settings, and names the two commands that provide them [java, python, typescript: start.help, logs.format]', async () => {
      const [production, dev, asSet] = await Promise.all([
        runWorkerCommand(bareEnvironment(), [], project()),
        runWorkerCommand(bareEnvironment(), [DEVELOPMENT[language]], project()),
        runWorkerCommand({ ...bareEnvironment(), WORKER_LOGFORMAT: 'json' }, [DEVELOPMENT[language]], project()),
      ]);
      for (const { status, stderr, stdout } of [production, dev, asSet]) {
        expect(status).toBe(2);
        expect(stderr).toContain(`${KUFLOW[language]} dev exec -- `);
        expect(stderr).toContain(`${KUFLOW[language]} credentials pull`);
        expect(stderr).toContain(`${KUFLOW[language]} login`);
        expect(stdout).toBe('');
      }
      for (const { stderr } of [production, asSet]) {
        const reason = expect.stringContaining('kuflow.api.client-id (') as string;
        expect(JSON.parse(stderr)).toMatchObject({
          level: 'ERROR',
          message: 'Settings are missing or invalid',
          reason,
        });
      }
      expect(dev.stderr).toMatch(/^Settings are missing or invalid:\n\n {2}kuflow\.api\.client-id \(/);
    });

    it('exits with 130 on a signal while it connects, which PID 1 in a container would otherwise ignore', async () => {
      const sockets: Socket[] = [];
      const server = createServer((socket) => sockets.push(socket));
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      const worker = startWorkerProcess(
        {
          ...workerEnvironment(running.platform),
          KUFLOW_API_ENDPOINT: `http://127.0.0.1:${port}`,
        },
        project(),
      );
      try {
        await until('the worker requests its token', () => sockets.length > 0);
        worker.signal('SIGTERM');
        expect(await worker.exited).toBe(130);
      } finally {
        await worker.kill();
        for (const socket of sockets) socket.destroy();
        server.close();
      }
    });

    it.each([[['--chekc']], [['--json']]])('exits with 2 for %s', async (args) => {
      const { status, stderr } = await runWorkerCommand(workerEnvironment(running.platform), args, project());
      expect(status).toBe(2);
      expect(stderr).toMatch(/^usage:/im);
    });
  });

  describe('replaced certificate files', () => {
    it('are loaded without a restart [java, python, typescript: certificate.files]', async () => {
      await until('the new files are in use', () => {
        if (!byFiles.running()) throw new Error(`The worker ended: ${byFiles.output()}`);
        return byFiles.log.some(({ message }) => message === 'Engine certificate replaced');
      });
      await completeLoan('FILES', byFiles);
      byFiles.signal('SIGTERM');
      expect(await byFiles.exited).toBe(0);
    });
  });
});

describeWorkersTogether('a shutdown with an activity that does not end', ({ language }) => {
  it('cancels the activity after 30 s, and ends within the 60 s that Kubernetes allows [java, python, typescript: shutdown.limit]', async () => {
    const { status, canceledAfterMs, endedAfterMs } = await slowTrials(language).shutdown;
    expect(status).toBe(0);
    expect(canceledAfterMs).toBeGreaterThan(29_000);
    expect(endedAfterMs).toBeLessThan(60_000);
  });
});

describeWorkersTogether('a worker with inline certificates, whatever their line endings', ({ language }) => {
  it('runs an activity without requesting a certificate [java, python, typescript: certificate.settings, certificate.inline, certificate.authorities]', async () => {
    expect((await slowTrials(language).shutdown).authentications).toEqual(['ENGINE_TOKEN']);
  });
});

describeWorkersTogether('an engine that is down for 75 s', ({ language }) => {
  it('makes the worker not ready within 60 s, writes fewer than 100 log lines, and needs no restart [java, python, typescript: health.engine, logs.outage]', async () => {
    const { worker, processId, notReadyAfterMs, notReadyReason, lines } = await slowTrials(language).outage;
    // The tests of each worker check the exact time. This machine may be busy.
    expect(notReadyAfterMs).toBeLessThan(75_000);
    expect(notReadyReason).toMatch(/no answer from the engine for \d+ s/);
    expect(lines.length).toBeLessThan(100);
    expect(lines).toContainEqual(expect.objectContaining({ message: 'The engine is not responding' }));
    await user.complete(processId, 'APPROVE_LOAN', { approved: true });
    await user.completed(processId, () => expect(worker.running()).toBe(true));
  });
});
