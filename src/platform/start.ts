import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { systemClock, type Clock } from '../base/clock.ts';
import { KnownError, messageOf } from '../base/errors.ts';
import { packageRoot } from '../base/package-root.ts';
import { withContext } from '../base/system-error.ts';
import type { ProcessDefinition } from '../process/definition.ts';
import type { DefinitionProblem } from './shared/contract.ts';
import { createEventStreams } from './console/event-streams.ts';
import { readPageFiles } from './console/page-files.ts';
import { createOpenCodes } from './console/open-codes.ts';
import { createRequestRecorder } from './console/request-recorder.ts';
import { watchWorkers } from './console/worker-watch.ts';
import { changeDefinitions } from './domain/change-definitions.ts';
import { reportUnknownCandidates } from './domain/candidates.ts';
import type { Domain, EngineIssuers } from './domain/context.ts';
import { createDomain } from './domain/domain.ts';
import { createOutbox, type Outbox } from './domain/outbox.ts';
import { listOpenWorkflows, recordWorkflowOutcome } from './domain/processes.ts';
import { writeCaBundle } from './shared/environment.ts';
import { createEventHub, reportEvent, takeFirstEventId, type EventHub } from './events/hub.ts';
import { createFaultRegistry, type FaultRegistry } from './faults/registry.ts';
import { startGateway } from './gateway/gateway.ts';
import { openAuthority, type Authority } from './pki/authority.ts';
import { createPrivateFolder } from './pki/private-folder.ts';
import { openEngineTokens, type EngineTokens } from './pki/tokens.ts';
import { choosePort, holdPort, type HeldPort } from './shared/ports.ts';
import { createProbes, type Probes } from './probes.ts';
import { createRestApp } from './rest/app.ts';
import { withStoppedState } from './state/lock.ts';
import { hasStagedState } from './state/swap.ts';
import { openFolder } from './state/state-file.ts';
import { openStore, type Store } from './store/store.ts';
import { databasePath } from './store/owner-lock.ts';
import { createProcessEngine, type TemporalEngine } from './temporal/engine.ts';
import { keepTemporalRunning, type ManagedTemporal } from './temporal/keep-running.ts';
import { toSocketTarget } from './temporal/network.ts';
import { startUiGuard } from './temporal/ui-guard.ts';
import { watchProcesses, type ProcessWatcher } from './temporal/watch.ts';
import { startParts, type StopStep } from './shared/stop-steps.ts';
import type { Platform, PlatformEndpoints, PlatformEvent, PlatformIdentity, PlatformOptions } from './shared/types.ts';

/** Where the parts listen unless other ports are requested. */
export const DEFAULT_PORTS = { http: 7480, https: 7443, engine: 7483, temporalUi: 7484 } as const;

const DEFAULT_TOKEN_LIFE = 3600;
const DEFAULT_TOKEN_GRACE = 120;
const DEFAULT_CERTIFICATE_LIFE = 400 * 24 * 3600;
const PORT_ATTEMPTS = 20;

export interface RunningPlatform extends Platform {
  readonly faults: FaultRegistry;
  /** The process ID of the real Temporal server. Tests kill it. */
  temporalPid(): number;
  /** Resolves when all commands for the engine have been delivered. */
  engineIdle(): Promise<void>;
  /** See `changeDefinitions`. */
  setDefinitions(definitions: readonly ProcessDefinition[], problems?: readonly DefinitionProblem[]): void;
}

/** The options of this start with their defaults, and what has to be undone when the platform stops. */
interface StartContext {
  readonly options: PlatformOptions;
  readonly clock: Clock;
  /** To the caller and, once it is connected, to the hub. */
  readonly report: (event: PlatformEvent) => void;
  /** Event ids continue those of the last run, which are in the store: the hub is connected when that is open. */
  readonly connectHub: (hub: EventHub) => void;
  readonly hostNames: readonly string[];
  /** Identifies the platform's own probes to the REST API. */
  readonly probeToken: string;
  /** Runs when the platform stops, the last one first. */
  readonly onStop: (step: StopStep) => void;
}

interface OpenState {
  readonly store: Store;
  readonly hub: EventHub;
  readonly authority: Authority;
  /** As in `Platform`. */
  readonly caBundleFile: string;
  readonly tokens: EngineTokens;
  readonly domain: Domain;
  readonly identity: PlatformIdentity;
  /** The outbox needs the engine, which needs the namespace, which is part of the state: it is connected later. */
  readonly connectOutbox: (outbox: Outbox) => void;
}

interface RunningEngine {
  readonly temporal: ManagedTemporal;
  readonly engine: TemporalEngine;
  readonly watcher: ProcessWatcher;
  readonly outbox: Outbox;
}

interface RunningServers {
  readonly faults: FaultRegistry;
  /** `/health` answers "not ready" until then. */
  readonly connectProbes: (probes: Probes) => void;
}

interface HeldPorts {
  readonly http: HeldPort;
  readonly https: HeldPort;
  readonly engine: HeldPort;
  /** Undefined if Temporal's UI was not requested. */
  readonly temporalUi: HeldPort | undefined;
}

/**
 * Starts a local KuFlow in front of a real Temporal server: the REST API on HTTP and HTTPS, and the engine gateway with
 * mutual TLS and tokens. Resolves when every part has answered a probe. Otherwise it stops all parts again and rejects
 * with KnownError.
 */
export async function startPlatform(options: PlatformOptions): Promise<RunningPlatform> {
  let hub: EventHub | undefined;
  return await startParts(
    async (steps) =>
      await startAll(
        {
          options,
          clock: options.clock ?? systemClock,
          report: (event) => reportEvent(event, options.report, hub),
          connectHub: (connected) => (hub = connected),
          hostNames: options.hostNames ?? [],
          probeToken: randomUUID(),
          onStop: steps.add,
        },
        steps.run,
      ),
  );
}

async function startAll(context: StartContext, stop: () => Promise<void>): Promise<RunningPlatform> {
  const state = await openState(context);
  const ports = await holdPorts(context);
  const engine = await startEngine(context, state, ports);
  const endpoints = endpointsOf(context.hostNames[0] ?? '127.0.0.1', ports, engine.temporal.address);
  const servers = await startServers(context, state, ports, engine, endpoints);

  const probes = await openProbes(context, state, ports, engine.temporal.address);
  await probes.checkAll();
  servers.connectProbes(probes);
  context.report({ kind: 'ready', part: 'gateway', address: endpoints.engine });
  context.report({ kind: 'ready', part: 'rest', address: endpoints.https });

  for (const processId of listOpenWorkflows(state.domain)) engine.watcher.track(processId);
  engine.outbox.wake();

  return {
    endpoints,
    loopback: { http: `http://127.0.0.1:${ports.http.port}`, https: `https://127.0.0.1:${ports.https.port}` },
    identity: state.identity,
    caFile: state.authority.certificateFile,
    caBundleFile: state.caBundleFile,
    get definitions() {
      return state.domain.definitions.all.map(({ definition }) => definition);
    },
    setDefinitions: (definitions, problems = []) => changeDefinitions(state.domain, definitions, problems),
    faults: servers.faults,
    temporalPid: () => engine.temporal.pid(),
    engineIdle: () => engine.outbox.whenIdle(),
    stop,
  };
}

async function openState(context: StartContext): Promise<OpenState> {
  const { options, clock, report } = context;
  const { stateDir } = options;
  report({ kind: 'starting', part: 'store' });
  const { store, authority, tokens } = await withContext("Opening the local KuFlow's state", stateDir, async () => {
    await createPrivateFolder(stateDir);
    if (await hasStagedState(stateDir)) await withStoppedState(stateDir, () => Promise.resolve());
    const opened = openStore({
      path: databasePath(stateDir),
      clock,
      onStepError: (error) =>
        report({ kind: 'warning', message: `A change was saved, but a step after it failed: ${messageOf(error)}` }),
    });
    context.onStop(() => opened.close());
    const folder = join(stateDir, 'pki');
    return {
      store: opened,
      authority: await openAuthority({ folder, clock }),
      tokens: await openEngineTokens({ folder, graceSeconds: options.tokenGrace ?? DEFAULT_TOKEN_GRACE, clock }),
    };
  });

  const caBundleFile = await writeCaBundle(stateDir, authority.certificateFile);
  const hub = createEventHub({ clock, firstId: takeFirstEventId(store, clock) });
  context.connectHub(hub);
  let outbox: Outbox | undefined;
  const { domain, identity } = createDomain({
    store,
    clock,
    definitions: options.definitions,
    people: options.people,
    createIssuers: (created) => createIssuers(options, created, authority, tokens),
    wake: () => outbox?.wake(),
    report,
  });
  report({ kind: 'ready', part: 'store' });
  reportUnknownCandidates(domain);
  return {
    store,
    hub,
    authority,
    caBundleFile,
    tokens,
    domain,
    identity,
    connectOutbox: (connected) => (outbox = connected),
  };
}

function createIssuers(
  options: PlatformOptions,
  { tenantId, namespace }: PlatformIdentity,
  authority: Authority,
  tokens: EngineTokens,
): EngineIssuers {
  return {
    issueToken: async (principal) => {
      const lifeSeconds = options.tokenLife ?? DEFAULT_TOKEN_LIFE;
      const { token, expiredAt } = await tokens.issueToken({
        principalId: principal.id,
        tenantId,
        namespace,
        lifeSeconds,
      });
      return { token: token.reveal(), expiredAt: new Date(expiredAt).toISOString() };
    },
    issueCertificate: async (principal) => {
      const lifeSeconds = options.certificateLife ?? DEFAULT_CERTIFICATE_LIFE;
      const issued = await authority.issueClientCertificate({ principalId: principal.id, namespace, lifeSeconds });
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
}

/** Holds the ports until their parts listen, seconds later: another platform that starts now takes the next ones. */
async function holdPorts(context: StartContext): Promise<HeldPorts> {
  const { options, report, onStop } = context;
  const taken: number[] = [];
  const hold = async (part: keyof HeldPorts): Promise<HeldPort> => {
    for (let attempt = 0; attempt < PORT_ATTEMPTS; attempt++) {
      const { port, moved } = await choosePort(options.ports?.[part], DEFAULT_PORTS[part], taken);
      const held = await holdPort(port);
      // Another process took the port in between: choose again.
      if (held === undefined) continue;
      onStop(() => held.release());
      taken.push(port);
      if (moved !== undefined) report({ kind: 'port-moved', part, got: port, ...moved });
      return held;
    }
    throw new KnownError({
      message: `No port could be reserved for ${part}: other processes kept taking the free ones`,
    });
  };
  return {
    http: await hold('http'),
    https: await hold('https'),
    engine: await hold('engine'),
    temporalUi: options.ports?.temporalUi === undefined ? undefined : await hold('temporalUi'),
  };
}

/** The Temporal server, and what connects the domain to it in both directions. */
async function startEngine(context: StartContext, state: OpenState, ports: HeldPorts): Promise<RunningEngine> {
  const { options, clock, report, onStop } = context;
  const { namespace } = state.identity;
  report({ kind: 'starting', part: 'temporal' });
  const temporal = await keepTemporalRunning({
    path: options.temporalPath,
    stateDir: options.stateDir,
    namespace,
    ui: ports.temporalUi !== undefined,
    supervisorEntry: options.supervisorEntry ?? join(packageRoot(), 'dist', 'supervisor.js'),
    dynamicConfig: options.dynamicConfig,
    signal: options.signal,
    onRestart: (message) => report({ kind: 'warning', message }),
  });
  onStop(() => temporal.stop());
  if (ports.temporalUi !== undefined) {
    await ports.temporalUi.release();
    const guard = await startUiGuard({
      port: ports.temporalUi.port,
      hostNames: context.hostNames,
      upstream: () => temporal.uiAddress(),
    });
    onStop(() => guard.close());
  }
  report({ kind: 'ready', part: 'temporal', address: temporal.address });

  const engine = await createProcessEngine({ address: temporal.address, namespace });
  onStop(() => engine.close());
  const watcher = watchProcesses({
    engine,
    clock,
    onClosed: (workflowId, outcome) => recordWorkflowOutcome(state.domain, workflowId, outcome),
    onError: (error) =>
      report({ kind: 'warning', message: `Could not find out how a workflow ended: ${messageOf(error)}` }),
  });
  onStop(() => watcher.stop());
  const outbox = createOutbox({
    store: state.store,
    engine,
    clock,
    report,
    onStarted: (processId) => watcher.track(processId),
  });
  state.connectOutbox(outbox);
  onStop(() => outbox.stop());
  return { temporal, engine, watcher, outbox };
}

/** The gateway, and the REST API on HTTP and HTTPS. */
async function startServers(
  context: StartContext,
  { hub, authority, caBundleFile, tokens, domain, identity }: OpenState,
  ports: HeldPorts,
  { temporal, engine, watcher }: RunningEngine,
  endpoints: PlatformEndpoints,
): Promise<RunningServers> {
  const { options, hostNames, probeToken, clock, report, onStop } = context;
  const { stateDir } = options;
  const server = await authority.issueServerCertificate({ hostNames });
  report({ kind: 'starting', part: 'gateway' });
  await ports.engine.release();
  const gateway = await startGateway({
    port: ports.engine.port,
    server,
    clientAuthority: authority.certificate,
    upstream: toSocketTarget(temporal.address),
    verifyToken: tokens.verifyToken,
    clock,
    report,
    onWorkflowTaskCompleted: (task) => watcher.poke(task),
  });
  onStop(() => gateway.close());

  report({ kind: 'starting', part: 'rest' });
  let probes: Probes | undefined;
  const faults = createFaultRegistry(() => hub.publish({ kind: 'faults-changed' }));
  const streams = createEventStreams({ hub });
  const workers = watchWorkers({
    domain,
    listPollers: (taskQueue) => engine.listPollers(taskQueue),
    isWatched: () => streams.size > 0,
    onChange: () => hub.publish({ kind: 'workers-changed' }),
  });
  onStop(() => workers.stop());
  const page = readPageFiles(join(packageRoot(), 'dist', 'web'), options.pageCommands);
  // Only the requests for the page fail.
  page.catch(() => undefined);
  const openCodes = createOpenCodes({ folder: openFolder(stateDir), clock });
  onStop(() => openCodes.close());
  const deps = {
    domain,
    faults,
    openCodes,
    hostNames,
    probeToken,
    page,
    streams,
    workers,
    requests: createRequestRecorder(clock),
    listFailingWork: (processId: string) => engine.listFailingWork(processId),
    identity,
    run: {
      startedAt: new Date(clock.now()).toISOString(),
      stateDir,
      endpoints,
      caFile: authority.certificateFile,
      caBundleFile,
    },
    readEngineToken: async (token: string) => {
      const verified = await tokens.verifyToken(token);
      return 'claims' in verified ? verified.claims.principalId : undefined;
    },
    health: () => probes?.health() ?? { ready: false, parts: {} },
  };
  await listen(context, createRestApp(deps), ports.http);
  await listen(
    context,
    createRestApp(deps, { key: server.privateKey.reveal(), cert: server.certificate }),
    ports.https,
  );
  return { faults, connectProbes: (connected) => (probes = connected) };
}

async function listen(context: StartContext, app: FastifyInstance, port: HeldPort): Promise<void> {
  context.onStop(() => app.close());
  await port.release();
  await app.listen({ host: '127.0.0.1', port: port.port });
}

function endpointsOf(host: string, ports: HeldPorts, temporal: string): PlatformEndpoints {
  return {
    http: `http://${host}:${ports.http.port}`,
    https: `https://${host}:${ports.https.port}`,
    engine: `${host}:${ports.engine.port}`,
    ...(ports.temporalUi === undefined ? {} : { temporalUi: `http://${host}:${ports.temporalUi.port}` }),
    temporal,
  };
}

/** Probes with a token and a client certificate, which only have to last for the start. */
async function openProbes(
  { probeToken }: StartContext,
  { authority, tokens, identity, store }: OpenState,
  ports: HeldPorts,
  temporal: string,
): Promise<Probes> {
  const { tenantId, namespace } = identity;
  const principalId = identity.application.id;
  const { token } = await tokens.issueToken({ principalId, tenantId, namespace, lifeSeconds: 60 });
  const client = await authority.issueClientCertificate({ principalId, namespace, lifeSeconds: 600 });
  return createProbes({
    ca: authority.certificate,
    ports: { http: ports.http.port, https: ports.https.port, engine: ports.engine.port },
    temporal,
    namespace,
    client: { certificate: client.certificate, privateKey: client.privateKey.reveal() },
    token,
    store,
    probeToken,
  });
}
