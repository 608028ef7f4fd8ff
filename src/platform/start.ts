import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { systemClock } from '../base/clock.ts';
import { KnownError, messageOf } from '../base/errors.ts';
import { packageRoot } from '../base/package-root.ts';
import { withContext } from '../base/system-error.ts';
import type { EngineIssuers } from './domain/context.ts';
import { createDomain } from './domain/domain.ts';
import { createOutbox, type Outbox } from './domain/outbox.ts';
import { listOpenWorkflows, recordWorkflowOutcome } from './domain/workflow-closed.ts';
import { createFaultRegistry, type FaultRegistry } from './faults/registry.ts';
import { startGateway } from './gateway/gateway.ts';
import { openAuthority } from './pki/authority.ts';
import { createPrivateFolder } from './pki/private-folder.ts';
import { openEngineTokens } from './pki/tokens.ts';
import type { Platform, PlatformEndpoints, PlatformEvent, PlatformOptions } from './types.ts';
import { holdPort, choosePort, type HeldPort } from './ports.ts';
import { createProbes, type Probes } from './probes.ts';
import { createRestApp } from './rest/app.ts';
import { openStore } from './store/open.ts';
import { storePath } from './store/store-path.ts';
import { createProcessEngine } from './temporal/engine.ts';
import { keepTemporalRunning } from './temporal/keep-running.ts';
import { watchProcesses, type ProcessWatcher } from './temporal/watch.ts';

/** Where the parts listen unless a port is asked for. */
export const DEFAULT_PORTS = { http: 7480, https: 7443, engine: 7483 } as const;

const OPENING = "Opening the local platform's state";
const TOKEN_LIFE = 3600;
const TOKEN_GRACE = 120;
const CERTIFICATE_LIFE = 400 * 24 * 3600;

export interface RunningPlatform extends Platform {
  readonly faults: FaultRegistry;
  /** The real Temporal server's process id, for whoever wants to see it die. */
  temporalPid(): number;
  /** Resolves when nothing is left to be told to the engine. */
  engineIdle(): Promise<void>;
}

/**
 * A local KuFlow in front of a real Temporal server: REST API on HTTP and HTTPS, engine gateway with mutual TLS and
 * tokens. Resolves when every part has answered a probe; rejects with KnownError, everything stopped again, when one does not.
 */
export async function startPlatform(options: PlatformOptions): Promise<RunningPlatform> {
  const undo: (() => Promise<void> | void)[] = [];
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopping ??= (async () => {
      for (const step of undo.reverse()) await step();
    })();
    return stopping;
  };
  try {
    return await start(options, undo, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(
  options: PlatformOptions,
  undo: (() => Promise<void> | void)[],
  stop: () => Promise<void>,
): Promise<RunningPlatform> {
  const clock = options.clock ?? systemClock;
  const report = options.report ?? (() => undefined);
  const hostNames = options.hostNames ?? [];
  const { signal } = options;
  const { stateDir } = options;
  report({ kind: 'starting', part: 'store' });
  const { store, authority, tokens } = await withContext(OPENING, stateDir, async () => {
    await createPrivateFolder(stateDir);
    const opened = openStore({ path: storePath(stateDir), clock });
    undo.push(() => opened.close());
    const pki = join(stateDir, 'pki');
    return {
      store: opened,
      authority: await openAuthority({ folder: pki, clock }),
      tokens: await openEngineTokens({ folder: pki, graceSeconds: options.tokenGrace ?? TOKEN_GRACE, clock }),
    };
  });

  // The outbox needs the engine, which needs the namespace, which the domain decides: it wakes whatever is there by then.
  const late: { outbox?: Outbox; probes?: Probes } = {};
  let namespace = '';
  const issuers: EngineIssuers = {
    issueToken: async (principal) => {
      const { token, expiredAt } = await tokens.issueToken({
        principalId: principal.id,
        tenantId: identity.tenantId,
        namespace,
        lifeSeconds: options.tokenLife ?? TOKEN_LIFE,
      });
      return { token: token.reveal(), expiredAt: new Date(expiredAt).toISOString() };
    },
    issueCertificate: async (principal) => {
      const issued = await authority.issueClientCertificate({
        principalId: principal.id,
        namespace,
        lifeSeconds: options.certificateLife ?? CERTIFICATE_LIFE,
      });
      return {
        namespace,
        tls: {
          serverRootCaCertificate: authority.certificate,
          clientCertificate: issued.certificate,
          clientPrivateKey: issued.privateKey.reveal(),
        },
      };
    },
  };
  const { domain, identity } = createDomain({
    store,
    clock,
    definitions: options.definitions,
    issuers,
    wake: () => late.outbox?.wake(),
    report,
  });
  namespace = identity.namespace;
  report({ kind: 'ready', part: 'store' });

  const held = await choosePorts(options, report, undo);
  const ports = { http: held.http.port, https: held.https.port, engine: held.engine.port };

  report({ kind: 'starting', part: 'temporal' });
  const temporal = await keepTemporalRunning({
    path: options.temporalPath,
    stateDir,
    namespace,
    supervisorEntry: options.supervisorEntry ?? join(packageRoot(), 'dist', 'supervisor.js'),
    ...(options.dynamicConfig === undefined ? {} : { dynamicConfig: options.dynamicConfig }),
    ...(signal === undefined ? {} : { signal }),
    onRestart: (message) => report({ kind: 'warning', message }),
  });
  undo.push(() => temporal.stop());
  report({ kind: 'ready', part: 'temporal', address: temporal.address });

  const engine = await createProcessEngine({ address: temporal.address, namespace });
  undo.push(() => engine.close());
  const watcher: ProcessWatcher = watchProcesses({
    engine,
    clock,
    onClosed: (workflowId, outcome) => recordWorkflowOutcome(domain, workflowId, outcome),
    onError: (error) =>
      report({ kind: 'warning', message: `The engine did not say how a workflow ended: ${messageOf(error)}` }),
  });
  undo.push(() => watcher.stop());
  const outbox = createOutbox({ store, engine, clock, report, onStarted: (processId) => watcher.track(processId) });
  late.outbox = outbox;
  undo.push(() => outbox.stop());

  const server = await authority.issueServerCertificate({ hostNames });
  report({ kind: 'starting', part: 'gateway' });
  await held.engine.release();
  const gateway = await startGateway({
    port: ports.engine,
    server,
    clientAuthority: authority.certificate,
    upstream: { host: '127.0.0.1', port: temporal.port },
    verifyToken: tokens.verifyToken,
    clock,
    report,
    onWorkflowTaskCompleted: (task) => watcher.poke(task),
  });
  undo.push(() => gateway.close());

  report({ kind: 'starting', part: 'rest' });
  const faults = createFaultRegistry();
  const deps = {
    domain,
    faults,
    hostNames,
    readEngineToken: async (token: string) => {
      const verdict = await tokens.verifyToken(token);
      return 'claims' in verdict ? verdict.claims.principalId : undefined;
    },
    health: () => late.probes?.health() ?? { ready: false, parts: {} },
  };
  const plain = createRestApp(deps);
  const secure = createRestApp(deps, { key: server.privateKey.reveal(), cert: server.certificate });
  await listen(plain, held.http, undo);
  await listen(secure, held.https, undo);

  const host = hostNames[0] ?? '127.0.0.1';
  const endpoints: PlatformEndpoints = {
    http: `http://${host}:${ports.http}`,
    https: `https://${host}:${ports.https}`,
    engine: `${host}:${gateway.port}`,
    temporal: temporal.address,
  };
  const { token } = await tokens.issueToken({
    principalId: identity.application.id,
    tenantId: identity.tenantId,
    namespace,
    lifeSeconds: 60,
  });
  const own = await authority.issueClientCertificate({
    principalId: identity.application.id,
    namespace,
    lifeSeconds: 600,
  });
  const probes = createProbes({
    ca: authority.certificate,
    ports: { http: ports.http, https: ports.https, engine: gateway.port },
    temporal: temporal.address,
    namespace,
    client: { certificate: own.certificate, privateKey: own.privateKey.reveal() },
    token,
    store,
  });
  await probes.checkAll();
  late.probes = probes;
  report({ kind: 'ready', part: 'gateway', address: endpoints.engine });
  report({ kind: 'ready', part: 'rest', address: endpoints.https });

  for (const processId of listOpenWorkflows(domain)) watcher.track(processId);
  outbox.wake();

  return {
    endpoints,
    loopback: { http: `http://127.0.0.1:${ports.http}`, https: `https://127.0.0.1:${ports.https}` },
    identity,
    caFile: authority.certificateFile,
    definitions: options.definitions,
    faults,
    temporalPid: () => temporal.pid(),
    engineIdle: () => outbox.whenIdle(),
    stop,
  };
}

interface ChosenPorts {
  readonly http: HeldPort;
  readonly https: HeldPort;
  readonly engine: HeldPort;
}

const TRIES = 20;

/** Held until their parts listen, seconds later: another platform that starts now takes the next ones. */
async function choosePorts(
  options: PlatformOptions,
  report: (event: PlatformEvent) => void,
  undo: (() => Promise<void> | void)[],
): Promise<ChosenPorts> {
  const taken: number[] = [];
  const choose = async (part: keyof ChosenPorts): Promise<HeldPort> => {
    for (let tries = 0; tries < TRIES; tries++) {
      const { port, moved } = await choosePort(options.ports?.[part], DEFAULT_PORTS[part], taken);
      const held = await holdPort(port);
      // Somebody was faster between the look and the hold: look again.
      if (held === undefined) continue;
      undo.push(() => held.release());
      taken.push(port);
      if (moved !== undefined) report({ kind: 'port-moved', part, got: port, ...moved });
      return held;
    }
    throw new KnownError({ message: `The ports of this machine change hands all the time: none was got for ${part}` });
  };
  return { http: await choose('http'), https: await choose('https'), engine: await choose('engine') };
}

async function listen(app: FastifyInstance, held: HeldPort, undo: (() => Promise<void> | void)[]): Promise<void> {
  undo.push(() => app.close());
  await held.release();
  await app.listen({ host: '127.0.0.1', port: held.port });
}
