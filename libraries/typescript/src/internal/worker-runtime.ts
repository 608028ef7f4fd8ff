import { hostname } from 'node:os';
import { Worker, type NativeConnection } from '@temporalio/worker';
import type { Logger } from '@temporalio/common';
import { createKuFlowActivities } from './activities.ts';
import { createActivityInterceptor } from './activity-interceptor.ts';
import { renewEngineToken, requestEngineCertificate } from './authentication.ts';
import { createKuFlowClient, type KuFlowClient } from './client.ts';
import { connectToEngine, describeNamespace } from './connection.ts';
import { identityFromSettings, startCertificateWatch, type EngineIdentity } from './engine-certificate.ts';
import { TokenRenewer } from './engine-token.ts';
import { createEncryptionKeys, encryption } from './encryption.ts';
import { startEngineWatch } from './engine-watch.ts';
import { startHealthServer } from './health.ts';
import type { Metrics } from './metrics.ts';
import { payloadLimit } from './payload-limit.ts';
import { startRegistration } from './registration.ts';
import { createRestClient } from './rest-client.ts';
import type { Settings } from './settings.ts';
import { createTaskFailures } from './task-failures.ts';
import type { WorkerOptions } from './options.ts';
import { userAgent } from './user-agent.ts';
import { workflowCode } from './workflow-code.ts';

const SECOND = 1_000;
/** How long a token may have been expired before the worker stops. */
const EXPIRY_GRACE = 60 * SECOND;
const ENGINE_DEADLINE = 5 * SECOND;
const MAX_SHUTDOWN = 55 * SECOND;

export interface WorkerRuntimeOptions extends Required<Pick<WorkerOptions, 'name' | 'main' | 'validators' | 'activityInterceptors'>> {
  readonly settings: Settings;
  /** Reads the settings again, to detect certificate files that were replaced. */
  readonly reloadSettings: () => Settings;
  readonly createActivities: (kuflow: KuFlowClient) => object;
  readonly workflowTypes: readonly string[];
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Drain only briefly, and use another health port if the configured one is in use. */
  readonly development: boolean;
}

export interface RunningWorker {
  /** Reports not ready, stops polling, and waits for running tasks. */
  shutdown(): void;
  /** The exit status of the process: 0 after a shutdown, 1 if the worker stopped because of an error. */
  readonly ended: Promise<0 | 1>;
}

/**
 * Connects this worker to KuFlow, renews its token and certificate, and ends when it is shut down or has failed. It never replaces a failed
 * worker of Temporal's SDK: what runs this process starts it again.
 */
export async function startWorker(options: WorkerRuntimeOptions): Promise<RunningWorker> {
  const { settings, logger, metrics, development, validators } = options;
  const agent = userAgent(options.name);
  const rest = createRestClient(settings, metrics, agent);
  const tokens = new TokenRenewer({ request: () => renewEngineToken(rest, settings, logger), logger, metrics });
  const requestIdentity = () => requestEngineCertificate(rest, settings);
  const [token, firstIdentity] = await Promise.all([
    tokens.renew(),
    identityFromSettings(settings) ?? requestIdentity(),
  ]);

  const draining = new AbortController();
  /** Connections that receive each new token. */
  const connections = new Set<NativeConnection>();
  const connect = async (identity: EngineIdentity): Promise<NativeConnection> => {
    const connection = await connectToEngine(settings, identity, tokens.current ?? token);
    connections.add(connection);
    if (draining.signal.aborted) {
      await closeConnection(connection, connections, logger);
      throw new Error('The worker is shutting down');
    }
    // The token may have been renewed in the meantime.
    if (tokens.current !== undefined) await connection.setApiKey(tokens.current.value.reveal());
    return connection;
  };

  const taskFailures = createTaskFailures(rest, metrics, settings.worker.attemptsBeforeTaskLog);
  const kuflow = createKuFlowClient(rest, settings.api.clientId);
  const activities = { ...createKuFlowActivities(kuflow, validators), ...options.createActivities(kuflow) };
  const { maxPayloadBytes } = settings.worker;
  const activityInterceptor = createActivityInterceptor({ failures: taskFailures, maxPayloadBytes, validators });
  const { interceptors: ofWorkflows, ...code } = workflowCode(options.main);
  const worker = await Worker.create({
    connection: await connect(firstIdentity),
    namespace: firstIdentity.namespace,
    activities,
    ...code,
    taskQueue: settings.temporal.queue,
    identity: `${process.pid}@${hostname()} ${agent}`,
    maxConcurrentWorkflowTaskExecutions: settings.worker.maxConcurrentWorkflowTasks,
    maxConcurrentActivityTaskExecutions: settings.worker.maxConcurrentActivities,
    dataConverter: { payloadCodecs: [payloadLimit(maxPayloadBytes), encryption(createEncryptionKeys(rest))] },
    interceptors: { ...ofWorkflows, activity: [activityInterceptor, ...options.activityInterceptors] },
    // Activities get 30 s to complete and are then canceled. Everything ends within 45 s; Kubernetes allows 60 s.
    shutdownGraceTime: development ? '2 seconds' : '30 seconds',
    shutdownForceTime: development ? '5 seconds' : '45 seconds',
  });

  const engine = startEngineWatch({
    ask: async () =>
      worker.connection && describeNamespace(worker.connection, firstIdentity.namespace, ENGINE_DEADLINE),
    logger,
    metrics,
  });

  let failed = false;
  const notReady = (): string | undefined => {
    if (draining.signal.aborted) return 'draining';
    if (worker.getState() !== 'RUNNING') return `worker ${worker.getState().toLowerCase()}`;
    return tokens.isValid() ? engine.problem() : 'engine token expired';
  };
  const health = await startHealth(settings.worker.healthPort, notReady, development, logger);

  const shutdown = (): void => {
    if (draining.signal.aborted) return;
    draining.abort();
    // KuFlow must not count on a worker that accepts no more tasks.
    registration.stop();
    logger.info('Shutting down: polling has stopped, waiting for running tasks');
    if (worker.getState() === 'RUNNING') worker.shutdown();
  };
  const fail = (message: string, error: unknown): void => {
    failed = true;
    logger.error(message, { error });
    shutdown();
  };

  tokens.start(async (renewed) => {
    await Promise.all([...connections].map((connection) => connection.setApiKey(renewed.value.reveal())));
  });
  tokens.watchExpiry(EXPIRY_GRACE, () => {
    if (draining.signal.aborted) return;
    fail('Stopping the worker: the engine token expired a minute ago and could not be renewed', tokens.lastError);
  });

  const certificates = startCertificateWatch({
    identity: firstIdentity,
    request: requestIdentity,
    reloadSettings: options.reloadSettings,
    swap: async (identity) => {
      const connection = await connect(identity);
      const oldConnection = worker.connection;
      worker.connection = connection;
      return () => closeConnection(oldConnection, connections, logger);
    },
    logger,
    metrics,
  });
  const registration = startRegistration({
    rest,
    settings,
    identity: worker.options.identity ?? '',
    workflowTypes: options.workflowTypes,
    activityTypes: Object.keys(activities),
    logger,
    metrics,
  });

  const ended = (async (): Promise<0 | 1> => {
    try {
      const error = await runUntilStopped(worker, () => draining.signal.aborted);
      if (error !== undefined && draining.signal.aborted)
        logger.warn('The worker did not shut down cleanly', { error });
      else if (error !== undefined) fail(...causeOfEnd(error, tokens));
    } finally {
      draining.abort();
      tokens.stop();
      engine.stop();
      certificates.stop();
      registration.stop();
      await health.close();
      for (const connection of connections) await closeConnection(connection, connections, logger);
      await rest.close();
    }
    return failed ? 1 : 0;
  })();

  logger.info('Worker started', {
    target: settings.temporal.target,
    namespace: firstIdentity.namespace,
    port: health.port,
  });
  return { shutdown, ended };
}

async function startHealth(port: number, notReady: () => string | undefined, development: boolean, logger: Logger) {
  // In development, other machines have no reason to ask.
  const host = development ? '127.0.0.1' : undefined;
  try {
    return await startHealthServer(port, notReady, host);
  } catch (error) {
    if (!development) throw new Error(`Could not listen on port ${port} (worker.health-port)`, { cause: error });
    logger.warn('The health port is in use; using another port', { port, error });
    return startHealthServer(0, notReady, host);
  }
}

async function closeConnection(
  connection: NativeConnection | undefined,
  connections: Set<NativeConnection>,
  logger: Logger,
): Promise<void> {
  if (connection === undefined || !connections.delete(connection)) return;
  try {
    await connection.close();
  } catch (error) {
    logger.debug('Could not close a connection', { error });
  }
}

/**
 * Runs a worker until it is shut down (returns undefined) or fails (returns the error). Does not wait for the open polls of a
 * failed worker, which may take a minute, or for a shutdown that hangs.
 */
async function runUntilStopped(worker: Worker, isShuttingDown: () => boolean): Promise<unknown> {
  let shuttingDownSince: number | undefined;
  let watch: NodeJS.Timeout | undefined;
  const stuck = new Promise<unknown>((resolve) => {
    watch = setInterval(() => {
      if (worker.getState() === 'FAILED') resolve(new Error('the worker failed; see the previous log lines'));
      if (isShuttingDown()) shuttingDownSince ??= Date.now();
      if (shuttingDownSince !== undefined && Date.now() - shuttingDownSince > MAX_SHUTDOWN) {
        resolve(new Error('the shutdown took too long'));
      }
    }, SECOND);
  });
  const running = worker.run().then(
    () => undefined,
    (error: unknown) => error ?? new Error('the worker failed'),
  );
  try {
    return await Promise.race([running, stuck]);
  } finally {
    clearInterval(watch);
  }
}

/** Why a worker that was not shut down has ended: a message, and the error for the log. */
export function causeOfEnd(
  error: unknown,
  tokens: Pick<TokenRenewer, 'isValid' | 'lastError'>,
): readonly [message: string, error: unknown] {
  if (tokens.isValid()) return ["Stopping the worker: Temporal's SDK core stopped unexpectedly", error];
  // The core gives up soon after the engine rejects a token.
  return ['Stopping the worker: the engine token expired and could not be renewed', tokens.lastError ?? error];
}
