import { setTimeout as delay } from 'node:timers/promises';
import type { NativeConnection } from '@temporalio/worker';
import type { Logger } from '@temporalio/common';
import { createKuFlowActivities } from './activities.ts';
import { createActivityInterceptor } from './activity-interceptor.ts';
import { requestEngineCertificate, requestEngineToken } from './authentication.ts';
import { createKuFlowClient, type KuFlowClient } from './client.ts';
import { connectToEngine, describeNamespace } from './connection.ts';
import { identityFromSettings, startCertificateWatch } from './engine-certificate.ts';
import { TokenRenewer } from './engine-token.ts';
import { startEngineWatch } from './engine-watch.ts';
import { startHealthServer } from './health.ts';
import type { Metrics } from './metrics.ts';
import { keepPolling } from './polling.ts';
import { startRegistration } from './registration.ts';
import { createRestClient } from './rest-client.ts';
import type { Settings } from './settings.ts';
import type { Validators } from './task-data.ts';
import { createTaskFailures } from './task-failures.ts';
import { userAgent } from './user-agent.ts';
import { createWorker, runUntilStopped } from './worker.ts';

const SECOND = 1_000;
/** How long a token may have been expired before the worker stops. */
const EXPIRY_GRACE = 60 * SECOND;
const ENGINE_DEADLINE = 5 * SECOND;
/** Longer than Temporal's long poll. */
const MAX_POLL = 75 * SECOND;
const CLOSE_INTERVAL = 5 * SECOND;

export interface WorkerRuntimeOptions {
  readonly settings: Settings;
  /** Reads the settings again, to detect certificate files that were replaced. */
  readonly reloadSettings: () => Settings;
  /** Creates the activities of the project. */
  readonly createActivities: (dependencies: { readonly kuflow: KuFlowClient }) => object;
  readonly validators: Validators;
  /** The name of the project. */
  readonly name: string;
  /** The URL of its main module. */
  readonly main: string;
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

/** Connects this worker to KuFlow and keeps it connected until it is shut down or cannot continue. */
export async function startWorker(options: WorkerRuntimeOptions): Promise<RunningWorker> {
  const { settings, logger, metrics, development, validators } = options;
  const agent = userAgent(options.name);
  const rest = createRestClient(settings, metrics, agent);
  const tokens = new TokenRenewer({ request: () => requestEngineToken(rest, settings), logger, metrics });
  const requestIdentity = () => requestEngineCertificate(rest, settings);
  const [token, firstIdentity] = await Promise.all([
    tokens.renew(),
    identityFromSettings(settings) ?? requestIdentity(),
  ]);

  const draining = new AbortController();
  /** Connections that receive each new token. */
  const connections = new Set<NativeConnection>();
  let connected = { identity: firstIdentity, settings };
  const connect = async (next: typeof connected): Promise<NativeConnection> => {
    const connection = await connectToEngine(next.settings, next.identity, tokens.current ?? token);
    connections.add(connection);
    if (draining.signal.aborted) {
      await closeConnection(connection, connections, logger);
      throw new Error('The worker is shutting down');
    }
    connected = next;
    // The token may have been renewed in the meantime.
    if (tokens.current !== undefined) await connection.setApiKey(tokens.current.value.reveal());
    return connection;
  };

  const taskFailures = createTaskFailures(rest, metrics, settings.worker.attemptsBeforeTaskLog);
  const kuflow = createKuFlowClient(rest, settings.api.clientId);
  const activities = { ...createKuFlowActivities(kuflow, validators), ...options.createActivities({ kuflow }) };
  const create = async () =>
    createWorker({
      connection: await connect(connected),
      namespace: connected.identity.namespace,
      settings,
      main: options.main,
      agent,
      activities,
      activityInterceptor: createActivityInterceptor({
        failures: taskFailures,
        maxPayloadBytes: settings.worker.maxPayloadBytes,
        validators,
      }),
      development,
    });
  let worker = await create();
  const exclusively = createMutex();

  const engine = startEngineWatch({
    ask: async () =>
      worker.connection && describeNamespace(worker.connection, connected.identity.namespace, ENGINE_DEADLINE),
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
    swap: (identity, nextSettings) =>
      exclusively(async () => {
        const connection = await connect({ identity, settings: nextSettings });
        const oldConnection = worker.connection;
        worker.connection = connection;
        return () => closeConnection(oldConnection, connections, logger);
      }),
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

  /** The connection of a worker that failed gets no new token: it might receive tasks that nothing executes. */
  const retire = (connection: NativeConnection | undefined): void => {
    if (connection !== undefined && connections.delete(connection)) void closeWhenUnused(connection, logger);
  };

  const run = (): Promise<void> =>
    keepPolling({
      first: worker,
      poll: async (polling) => {
        const error = await runUntilStopped(polling, () => draining.signal.aborted);
        if (error !== undefined) retire(polling.connection);
        return error;
      },
      connectAgain: () =>
        exclusively(async () => {
          // A swap may have connected the failed worker again.
          retire(worker.connection);
          worker = await create();
          return worker;
        }),
      tokens,
      shutdown: draining.signal,
      logger,
    });

  const ended = (async (): Promise<0 | 1> => {
    try {
      await run();
    } catch (error) {
      fail('Stopping the worker, because it cannot continue', error);
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
    logger.warn('The health port is in use, so another port is used', { port, error });
    return startHealthServer(0, notReady, host);
  }
}

/** Runs one piece of work after the other. */
function createMutex() {
  let last: Promise<unknown> = Promise.resolve();
  return <Result>(work: () => Promise<Result>): Promise<Result> => {
    const result = last.then(work, work);
    last = result;
    return result;
  };
}

/** Closes a connection when the open polls of its worker, which failed, have ended. */
async function closeWhenUnused(connection: NativeConnection, logger: Logger): Promise<void> {
  for (let waited = 0; waited < MAX_POLL; waited += CLOSE_INTERVAL) {
    try {
      return await connection.close();
    } catch (error) {
      logger.debug('A connection is still in use', { error });
    }
    await delay(CLOSE_INTERVAL, undefined, { ref: false });
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
