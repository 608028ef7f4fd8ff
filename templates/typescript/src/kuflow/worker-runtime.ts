import { Worker, type NativeConnection } from '@temporalio/worker';
import type { Logger } from '@temporalio/common';
import { createKuFlowActivities } from './activities.ts';
import { requestEngineCertificate, requestEngineToken } from './authentication.ts';
import { startCertificateWatch } from './certificate-watch.ts';
import { connectToEngine, pushToken } from './connection.ts';
import { identityOfAnswer, identityOfSettings, type EngineIdentity } from './engine-certificate.ts';
import { createTokenKeeper } from './engine-token.ts';
import { startHealthServer } from './health.ts';
import { describeError } from './logging.ts';
import type { Metrics } from './metrics.ts';
import { startRegistration } from './registration.ts';
import { createRestClient } from './rest-client.ts';
import type { Settings } from './settings.ts';
import { workflowCode } from './workflow-code.ts';

const SECOND = 1_000;
/** How long a token may be out of date before the worker gives up. */
const EXPIRY_GRACE = 60 * SECOND;
const LONGEST_SHUTDOWN = 55 * SECOND;

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
  const requestIdentity = async (): Promise<EngineIdentity> =>
    identityOfAnswer(await requestEngineCertificate(rest, settings.api.tenantId), settings);

  const [token, identity] = await Promise.all([tokens.renew(), identityOfSettings(settings) ?? requestIdentity()]);
  const connections = new Set<NativeConnection>();
  const connect = async (next: EngineIdentity, using: Settings): Promise<NativeConnection> => {
    const connection = await connectToEngine(using, next, tokens.current ?? token);
    connections.add(connection);
    // It may have been renewed while this one connected.
    if (tokens.current !== undefined) await pushToken(connection, tokens.current);
    return connection;
  };

  const kuflowActivities = createKuFlowActivities(rest, settings.api.clientId);
  const activities = { ...kuflowActivities, ...options.activities };
  const worker = await Worker.create({
    connection: await connect(identity, settings),
    namespace: identity.namespace,
    taskQueue: settings.temporal.queue,
    ...workflowCode(),
    activities,
    shutdownGraceTime: development ? '2 seconds' : '30 seconds',
    shutdownForceTime: development ? '5 seconds' : '45 seconds',
  });

  let draining = false;
  let failed = false;
  const tokenIsValid = (): boolean => (tokens.current?.expiresAt ?? 0) > Date.now();
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

  if (options.tokenRenewal) {
    tokens.start(async (renewed) => {
      await Promise.all([...connections].map((connection) => pushToken(connection, renewed)));
    });
  }
  const tokenWatch = setInterval(() => {
    const { current } = tokens;
    if (current === undefined || draining || Date.now() < current.expiresAt + EXPIRY_GRACE) return;
    failed = true;
    logger.error('The engine token expired and could not be renewed: the worker gives up', {
      error: tokens.lastError ?? new Error('renewal is switched off'),
      seconds: Math.round((Date.now() - current.expiresAt) / SECOND),
    });
    shutdown();
  }, SECOND);

  const certificates = startCertificateWatch({
    identity,
    request: requestIdentity,
    reloadSettings: options.reloadSettings,
    swap: async (next, using) => {
      const before = worker.connection;
      worker.connection = await connect(next, using);
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

  const ended = (async (): Promise<0 | 1> => {
    try {
      await Promise.race([worker.run(), longestShutdown(() => draining)]);
    } catch (error) {
      failed = true;
      const cause = tokenIsValid() ? error : (tokens.lastError ?? error);
      logger.error('The worker ended by itself', { error: cause, reason: describeError(error) });
    } finally {
      draining = true;
      tokens.stop();
      clearInterval(tokenWatch);
      certificates.stop();
      registration.stop();
      await health?.close();
      for (const connection of connections) await closeConnection(connection, connections, logger);
      await rest.close();
    }
    return failed ? 1 : 0;
  })();

  logger.info('Worker started', {
    target: settings.temporal.target,
    namespace: identity.namespace,
    ...(health && { port: health.port }),
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

/** Rejects when a shutdown takes longer than the SDK's own limits: then nothing is left to wait for. */
async function longestShutdown(draining: () => boolean): Promise<never> {
  return new Promise((_, reject) => {
    const watch = setInterval(() => {
      if (!draining()) return;
      clearInterval(watch);
      setTimeout(() => reject(new Error('the shutdown took too long')), LONGEST_SHUTDOWN).unref();
    }, SECOND);
    watch.unref();
  });
}
