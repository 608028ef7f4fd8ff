import type { NativeConnection } from '@temporalio/worker';
import type { Logger } from '@temporalio/common';
import { createKuFlowActivities } from './activities.ts';
import { requestEngineCertificate, requestEngineToken } from './authentication.ts';
import { startCertificateWatch } from './certificate-watch.ts';
import { connectToEngine, pushToken } from './connection.ts';
import { identityOfAnswer, identityOfSettings, type EngineIdentity } from './engine-certificate.ts';
import { createTokenKeeper } from './engine-token.ts';
import { startHealthServer } from './health.ts';
import type { Metrics } from './metrics.ts';
import { startRegistration } from './registration.ts';
import { createRestClient } from './rest-client.ts';
import type { Settings } from './settings.ts';
import { createWorker, runToEnd } from './worker.ts';

const SECOND = 1_000;
/** How long a token may be out of date before the worker gives up. */
const EXPIRY_GRACE = 60 * SECOND;

export interface WorkerRuntimeOptions {
  readonly settings: Settings;
  /** Reads the settings again, to notice certificate files that were replaced. */
  readonly reloadSettings: () => Settings;
  readonly activities: object;
  readonly workflowTypes: readonly string[];
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** A person develops: drain for a moment only, and take another port when the health port is taken. */
  readonly development: boolean;
  /** Off only in tests that show what happens then. */
  readonly tokenRenewal: boolean;
}

export interface RunningWorker {
  /** Not ready, then stop polling, then let what runs come to its end. */
  shutdown(): void;
  /** The exit status of the process: 0 after a shutdown, 1 when the worker ended by itself. */
  readonly ended: Promise<0 | 1>;
}

/** Connects this worker to KuFlow, and keeps it connected until it is shut down or can't go on. */
export async function startWorker(options: WorkerRuntimeOptions): Promise<RunningWorker> {
  const { settings, logger, metrics, development } = options;
  const rest = createRestClient(settings, metrics);
  const tokens = createTokenKeeper({
    request: () => requestEngineToken(rest, settings.api.tenantId),
    logger,
    metrics,
  });
  const tokenIsValid = (graceful = 0): boolean => (tokens.current?.expiresAt ?? 0) + graceful > Date.now();
  const requestIdentity = async (): Promise<EngineIdentity> =>
    identityOfAnswer(await requestEngineCertificate(rest, settings.api.tenantId), settings);
  const [token, firstIdentity] = await Promise.all([tokens.renew(), identityOfSettings(settings) ?? requestIdentity()]);

  /** Those that get each new token. */
  const connections = new Set<NativeConnection>();
  let connected = { identity: firstIdentity, settings };
  const connect = async (next: typeof connected): Promise<NativeConnection> => {
    const connection = await connectToEngine(next.settings, next.identity, tokens.current ?? token);
    connections.add(connection);
    connected = next;
    // It may have been renewed while this one connected.
    if (tokens.current !== undefined) await pushToken(connection, tokens.current);
    return connection;
  };

  const activities = { ...createKuFlowActivities(rest, settings.api.clientId), ...options.activities };
  const create = async () =>
    createWorker({
      connection: await connect(connected),
      namespace: connected.identity.namespace,
      taskQueue: settings.temporal.queue,
      activities,
      development,
    });
  let worker = await create();

  let draining = false;
  let failed = false;
  const notReady = (): string | undefined => {
    if (draining) return 'draining';
    if (worker.getState() !== 'RUNNING') return `worker ${worker.getState().toLowerCase()}`;
    return tokenIsValid() ? undefined : 'engine token expired';
  };
  const health = await startHealth(settings.worker.healthPort, notReady, development, logger);

  const shutdown = (): void => {
    if (draining) return;
    draining = true;
    logger.info('Shutting down: polling stops, what runs comes to its end');
    if (worker.getState() === 'RUNNING') worker.shutdown();
  };
  const giveUp = (message: string, error: unknown): void => {
    failed = true;
    logger.error(message, { error });
    shutdown();
  };

  if (options.tokenRenewal) {
    tokens.start(async (renewed) => {
      await Promise.all([...connections].map((connection) => pushToken(connection, renewed)));
    });
  }
  const tokenWatch = setInterval(() => {
    if (draining || tokenIsValid(EXPIRY_GRACE)) return;
    const cause = tokens.lastError ?? new Error('renewal is switched off');
    giveUp('The engine token expired a minute ago and could not be renewed: the worker gives up', cause);
  }, SECOND);

  const certificates = startCertificateWatch({
    identity: firstIdentity,
    request: requestIdentity,
    reloadSettings: options.reloadSettings,
    swap: async (identity, using) => {
      const before = worker.connection;
      worker.connection = await connect({ identity, settings: using });
      return () => closeConnection(before, connections, logger);
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

  /** Whether a worker whose token had expired can start anew. Ends with the grace, by `tokenWatch`. */
  const tokenComesBack = async (): Promise<boolean> => {
    while (!draining && !tokenIsValid()) await new Promise((resolve) => setTimeout(resolve, SECOND / 4));
    return !draining;
  };

  const run = async (): Promise<void> => {
    for (;;) {
      const error = await runToEnd(worker, () => draining);
      if (error === undefined || draining) return;
      // Temporal's core gives up polling soon after the first refusal, while KuFlow may be back in a moment.
      if (tokenIsValid()) return giveUp('The worker ended by itself', error);
      logger.warn('The engine token expired: the worker stopped polling and waits for a new one', { error });
      const before = worker.connection;
      // What the old worker still polls must not get a token again: nobody would do the tasks it receives.
      if (before !== undefined) connections.delete(before);
      if (!(await tokenComesBack())) return;
      worker = await create();
      logger.info('The worker polls again');
    }
  };

  const ended = (async (): Promise<0 | 1> => {
    try {
      await run();
    } catch (error) {
      giveUp('The worker could not start again', error);
    } finally {
      draining = true;
      tokens.stop();
      clearInterval(tokenWatch);
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
  try {
    return await startHealthServer(port, notReady);
  } catch (error) {
    if (!development) throw new Error(`worker.health-port ${port} can't be used`, { cause: error });
    logger.warn('The health port is taken: another one is used', { port, error });
    return startHealthServer(0, notReady);
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
    logger.debug('A connection could not be closed', { error });
  }
}
