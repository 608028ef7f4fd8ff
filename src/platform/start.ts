import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { systemClock, type Clock } from '../base/clock.ts';
import { messageOf } from '../base/errors.ts';
import { packageRoot } from '../base/package-root.ts';
import { withContext } from '../base/system-error.ts';
import { hasJournal } from '../files/staged-write.ts';
import type { ProcessDefinition } from '../process/definition.ts';
import type { DefinitionProblem } from './shared/dev-contract.ts';
import { createEventHub, createEventStreams, reportEvent } from './console/live-events.ts';
import { readPageFiles } from './console/page.ts';
import { createOpenCodes } from './console/open-codes.ts';
import { createRequestRecorder } from './console/request-recorder.ts';
import { watchWorkers } from './console/worker-watch.ts';
import { reportUnknownCandidates } from './domain/task-candidates.ts';
import { changeDefinitions, createDomain } from './domain/domain.ts';
import { readEncryptionKey } from './domain/confidential.ts';
import { createCommandDelivery } from './domain/deliver-commands.ts';
import { listOpenWorkflows, recordWorkflowOutcome } from './domain/processes.ts';
import { writeCaBundle } from './shared/platform-environment.ts';
import { createFaultRegistry, type FaultRegistry } from './shared/faults.ts';
import { startGateway } from './gateway/gateway.ts';
import { openAuthority } from './pki/authority.ts';
import { createEngineIssuers } from './pki/engine-issuers.ts';
import { createPrivateFolder } from '../files/node-file-system.ts';
import { DEFAULT_TOKEN_GRACE, openEngineTokens } from './pki/tokens.ts';
import { DEFAULT_PORTS, holdPort, type HeldPort } from './shared/ports.ts';
import { createProbes } from './probes.ts';
import { createRestApp } from './rest/app.ts';
import { withStoppedState } from './state/require-stopped.ts';
import { stateStaging } from './state/swap.ts';
import { openFolder } from './state/running-state.ts';
import { openStore } from './store/store.ts';
import { databasePath } from './store/owner-lock.ts';
import type { KeyReader } from './temporal/encryption.ts';
import { createProcessEngine } from './temporal/workflows.ts';
import { keepTemporalRunning, type ManagedTemporal } from './temporal/server.ts';
import { toSocketTarget } from './temporal/private-network.ts';
import { startUiGuard } from './temporal/ui-guard.ts';
import { watchProcesses } from './temporal/closed-workflows.ts';
import { startParts, type Parts } from './shared/start-parts.ts';
import { createWebhookSender } from './webhooks/sender.ts';
import { createTimeSkipper, type TimeSkipper } from './time/time-skipper.ts';
import type { Platform, PlatformEndpoints, PlatformEvent, PlatformOptions } from './shared/types.ts';

export interface RunningPlatform extends Platform {
  readonly faults: FaultRegistry;
  /** Process ID of the Temporal server. */
  temporalPid(): number;
  /** Resolves when all commands for the engine have been delivered. */
  engineIdle(): Promise<void>;
  /**
   * Serves these definitions to new processes from now on, instead of the present ones. Running processes keep the version that they were started
   * with, also after a restart. Reports what changed as `definitions-changed`. Throws for a duplicate code and for an invalid schema, and then
   * changes nothing. The console shows the `problems`.
   */
  setDefinitions(definitions: readonly ProcessDefinition[], problems?: readonly DefinitionProblem[]): void;
}

type Report = (event: PlatformEvent) => void;

interface HeldPorts extends Readonly<Record<'http' | 'https' | 'engine', HeldPort>> {
  /** Undefined if Temporal's UI was not requested. */
  readonly temporalUi: HeldPort | undefined;
}

/**
 * Starts a local KuFlow in front of a real Temporal server: the REST API on HTTP and HTTPS, and the engine with mutual
 * TLS and tokens. Resolves when every part has answered a probe. Otherwise it stops all parts again and rejects with
 * the reason.
 */
export async function startPlatform(options: PlatformOptions): Promise<RunningPlatform> {
  return await startParts(async (parts) => await startAll(options, parts));
}

async function startAll(options: PlatformOptions, parts: Parts): Promise<RunningPlatform> {
  const { stateDir, hostNames = [], clock = systemClock } = options;
  options.report?.({ kind: 'starting', part: 'store' });
  const state = await openState(options, clock, parts, (event) => report(event));
  const { store, authority, tokens } = state;
  const caBundleFile = await writeCaBundle(stateDir, authority.certificateFile);
  const hub = createEventHub(store.clock);
  const report = (event: PlatformEvent): void => reportEvent(event, options.report, hub);
  const { domain, identity } = createDomain({
    store,
    definitions: options.definitions,
    people: options.people,
    createIssuers: (created) => createEngineIssuers(state, created, options),
    report,
  });
  report({ kind: 'ready', part: 'store' });
  reportUnknownCandidates(domain);

  const ports = await holdPorts(options, parts, report);

  report({ kind: 'starting', part: 'temporal' });
  const { namespace } = identity;
  const readKey = (keyId: string): Uint8Array => readEncryptionKey(domain, keyId);
  const ui = ports.temporalUi && { port: ports.temporalUi, readKey };
  const temporal = await startTemporalServer(options, parts, report, namespace, ui);
  report({ kind: 'ready', part: 'temporal', address: temporal.address });
  const engine = await parts.add(
    createProcessEngine({
      address: temporal.address,
      namespace,
      readKey,
      ahead: (): number => (time.status().obstacle === undefined ? store.clock.ahead : 0),
    }),
  );
  const watcher = await parts.add(
    watchProcesses({
      engine,
      clock,
      onClosed: (workflowId, outcome) => recordWorkflowOutcome(domain, workflowId, outcome),
      onError: (error) =>
        report({ kind: 'warning', message: `Could not find out how a workflow ended: ${messageOf(error)}` }),
    }),
  );
  const outbox = await parts.add(
    createCommandDelivery({ domain, engine, onStarted: (workflowId) => watcher.track(workflowId) }),
  );
  const webhooks = await parts.add(createWebhookSender({ domain, env: process.env }));

  const time: TimeSkipper = await parts.add(
    createTimeSkipper({
      store,
      temporal,
      time: engine.time,
      listOpen: () => listOpenWorkflows(domain),
      delivered: () => outbox.whenIdle(),
      subscribe: (listener) => hub.subscribe(listener),
      onMoved: () => hub.publish({ kind: 'clock-changed' }),
      warn: (message) => report({ kind: 'warning', message }),
    }),
  );

  report({ kind: 'starting', part: 'gateway' });
  const server = await authority.issueServerCertificate(hostNames);
  await parts.add(
    startGateway({
      port: ports.engine,
      server,
      clientAuthority: authority.certificate,
      upstream: toSocketTarget(temporal.address),
      verifyToken: tokens.verifyToken,
      clock,
      report,
      onWorkflowEnded: (workflowId) => watcher.poke(workflowId),
    }),
  );

  report({ kind: 'starting', part: 'rest' });
  const endpoints = endpointsOf(hostNames[0] ?? '127.0.0.1', ports, temporal.address);
  // Identifies the platform's own probes to the REST API.
  const probeToken = randomUUID();
  const probes = createProbes({ ...state, identity, ports, temporal: temporal.address, probeToken });
  let ready = false;
  const faults = createFaultRegistry(() => hub.publish({ kind: 'faults-changed' }));
  const streams = createEventStreams(hub);
  const workers = await parts.add(
    watchWorkers({
      domain,
      listPollers: (taskQueue) => engine.listPollers(taskQueue),
      isWatched: () => streams.size > 0 || options.followWorkers === true,
      everyMs: options.followWorkers === true ? 500 : undefined,
      onChange: (changes) => {
        hub.publish({ kind: 'workers-changed' });
        for (const change of changes) report({ kind: 'worker', ...change });
      },
    }),
  );
  const page = readPageFiles(join(packageRoot(), 'dist', 'web'), options.pageCommands);
  // Only the requests for the console fail.
  page.catch(() => undefined);
  const openCodes = await parts.add(createOpenCodes({ folder: openFolder(stateDir), clock }));
  const deps = {
    domain,
    faults,
    openCodes,
    hostNames,
    probeToken,
    page,
    streams,
    events: hub,
    workers,
    requests: createRequestRecorder(store.clock),
    time,
    webhooks,
    listFailingWork: (processId: string) => engine.listFailingWork(processId),
    identity,
    run: {
      startedAt: store.now(),
      stateDir,
      endpoints,
      caFile: authority.certificateFile,
      caBundleFile,
    },
    readEngineToken: async (token: string) => {
      const verified = await tokens.verifyToken(token);
      return 'claims' in verified ? verified.claims.principalId : undefined;
    },
    health: () => (ready ? probes.health() : { ready, parts: {} }),
  };
  const tls = { key: server.privateKey.reveal(), cert: server.certificate };
  for (const [app, port] of [
    [createRestApp(deps), ports.http],
    [createRestApp(deps, tls), ports.https],
  ] as const) {
    await parts.add({ close: () => app.close() });
    await app.ready();
    await port.listen(app.server);
  }

  await probes.checkAll();
  ready = true;
  report({ kind: 'ready', part: 'gateway', address: endpoints.engine });
  report({ kind: 'ready', part: 'rest', address: endpoints.https });

  for (const workflowId of listOpenWorkflows(domain)) watcher.track(workflowId);
  outbox.wake();
  webhooks.wake();

  return {
    endpoints,
    loopback: { http: `http://127.0.0.1:${ports.http.port}`, https: `https://127.0.0.1:${ports.https.port}` },
    identity,
    caFile: authority.certificateFile,
    caBundleFile,
    get definitions() {
      return domain.definitions.all.map(({ definition }) => definition);
    },
    setDefinitions: (definitions, problems = []) => changeDefinitions(domain, definitions, problems),
    faults,
    temporalPid: () => temporal.pid(),
    engineIdle: () => outbox.whenIdle(),
    stop: parts.stop,
  };
}

async function openState(
  { stateDir, tokenGrace, ephemeral = false }: PlatformOptions,
  clock: Clock,
  parts: Parts,
  report: Report,
) {
  return await withContext("Opening the local KuFlow's state", stateDir, async () => {
    await createPrivateFolder(stateDir);
    if (hasJournal(stateStaging(stateDir))) await withStoppedState(stateDir, () => Promise.resolve());
    const onStepError = (error: unknown): void =>
      report({ kind: 'warning', message: `A change was saved, but a step after it failed: ${messageOf(error)}` });
    const store = await parts.add(openStore({ path: databasePath(stateDir), clock, durable: !ephemeral, onStepError }));
    const folder = join(stateDir, 'pki');
    return {
      store,
      authority: await openAuthority({ folder, clock }),
      tokens: await openEngineTokens({ folder, graceSeconds: tokenGrace ?? DEFAULT_TOKEN_GRACE, clock }),
    };
  });
}

/** Holds the ports until their parts listen, seconds later: another platform that starts now takes the next ones. */
async function holdPorts(options: PlatformOptions, parts: Parts, report: Report): Promise<HeldPorts> {
  const hold = async (part: keyof HeldPorts): Promise<HeldPort> => {
    const held = await parts.add(holdPort(options.ports?.[part], DEFAULT_PORTS[part]));
    if (held.moved !== undefined) report({ kind: 'port-moved', part, got: held.port, ...held.moved });
    return held;
  };
  return {
    http: await hold('http'),
    https: await hold('https'),
    engine: await hold('engine'),
    temporalUi: options.ports?.temporalUi === undefined ? undefined : await hold('temporalUi'),
  };
}

/** The Temporal server, and the guard in front of its UI if that was requested. */
async function startTemporalServer(
  options: PlatformOptions,
  parts: Parts,
  report: Report,
  namespace: string,
  ui: { readonly port: HeldPort; readonly readKey: KeyReader } | undefined,
): Promise<ManagedTemporal> {
  const starting = keepTemporalRunning({
    path: options.temporalPath,
    versions: options.temporalVersions,
    stateDir: options.stateDir,
    ephemeral: options.ephemeral,
    namespace,
    ui: ui !== undefined,
    supervisorEntry: options.supervisorEntry ?? join(packageRoot(), 'dist', 'supervisor.js'),
    dynamicConfig: options.dynamicConfig,
    signal: options.signal,
    onRestart: (message) => report({ kind: 'warning', message }),
  });
  const temporal = await parts.add(starting);
  if (ui !== undefined) {
    const { port, readKey } = ui;
    const { hostNames = [] } = options;
    await parts.add(startUiGuard({ port, hostNames, upstream: () => temporal.uiAddress(), readKey }));
  }
  return temporal;
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
