import { connect } from 'node:net';
import type { Logger, LogLevel, MetricMeter } from '@temporalio/common';
import { Runtime, type MetricsExporterConfig } from '@temporalio/worker';
import { check, type CheckStep } from './check.ts';
import { withTimeout } from './connection.ts';
import { createLogger } from './logging.ts';
import { createMetrics } from './metrics.ts';
import { loadSettings, SettingsError, type LogFormat, type Settings } from './settings.ts';
import type { WorkerOptions } from './options.ts';
import { replayInput } from './replay/input.ts';
import { startWorker, type RunningWorker } from './worker-runtime.ts';
import { userAgent } from './user-agent.ts';

const USAGE = `Usage: node main.js [--check [--json]] [--replay] [--dev]

  --check   Check the connection to KuFlow step by step and exit with 0 (connected), 1 (failed), 2 (invalid settings)
            or 4 (inconclusive). KUFLOW_WORKER_CHECK_SECONDS sets a time limit.
  --json    Print the result of --check as JSON
  --replay  Replay the histories on standard input, for \`kuflow replay\`
  --dev     Print readable logs, shut down quickly, and start even if the health or metrics port is in use
`;
const OPTIONS = ['--check', '--json', '--replay', '--dev', '--help'];
const CHECK_SECONDS = 'KUFLOW_WORKER_CHECK_SECONDS';
const SHUTDOWN_PORT = 'KUFLOW_SHUTDOWN_PORT';
const SAME_SIGNAL_WITHIN_MS = 1_000;
const MAX_CLOSE_MS = 5_000;

const flags = new Set(process.argv.slice(2));
const development = flags.has('--dev');
let logFormat: LogFormat = development ? 'pretty' : 'json';

/**
 * Runs a worker until it receives SIGTERM or SIGINT or cannot continue, and then ends the program. Reads the settings from `application.yaml`
 * and the environment. `--help` prints the command-line options. Exits with status 0 after a shutdown, 1 if the worker failed, and 2 if
 * settings are missing or invalid.
 */
export async function runWorker<Settings = undefined, Resources = undefined>(
  options: WorkerOptions<Settings, Resources>,
): Promise<void> {
  try {
    process.exitCode = await run(options);
    // The worker is closed, but Temporal's native threads may keep the process alive.
    setTimeout(() => process.exit(), 2_000).unref();
  } catch (error) {
    // The runtime buffers log lines to sort them. Print them first: the bundler's lines say what is wrong with a workflow.
    Runtime.instance().flushLogs();
    loggerTo(process.stderr, 'ERROR').error('The worker could not start', { error });
    process.exit(1);
  }
}

async function run<Own, Resources>(worker: WorkerOptions<Own, Resources>): Promise<number> {
  const unknown = [...flags].find((option) => !OPTIONS.includes(option));
  if (unknown !== undefined || (flags.has('--json') && !flags.has('--check'))) {
    process.stderr.write(
      `${unknown === undefined ? '--json requires --check' : `Unknown option ${unknown}`}\n\n${USAGE}`,
    );
    return 2;
  }
  if (flags.has('--help')) {
    process.stdout.write(USAGE);
    return 0;
  }
  const load = (): Settings => loadSettings(process.cwd(), process.env, worker.settings);
  if (flags.has('--replay')) return replayInput(worker.main, load, userAgent(worker.name));
  return flags.has('--check') ? runCheck(load, userAgent(worker.name)) : work(load, worker);
}

async function runCheck(load: () => Settings, agent: string): Promise<number> {
  const json = flags.has('--json');
  const seconds = process.env[CHECK_SECONDS];
  if (seconds !== undefined && !(Number(seconds) > 0 && Number(seconds) <= 3600)) {
    process.stderr.write(`${CHECK_SECONDS} must be a number of seconds greater than 0 and at most 3600\n`);
    return 2;
  }
  Runtime.install({ logger: loggerTo(process.stderr, 'ERROR', 'pretty') });
  const report = ({ step, status, detail }: CheckStep): void => {
    if (!json)
      process.stdout.write(`${status.padEnd(8)} ${step.padEnd(12)} ${detail.replaceAll('\n', '\n'.padEnd(23))}\n`);
  };
  const limit = seconds === undefined ? undefined : Number(seconds);
  const result = await check(load, report, { limit, agent });
  if (json) process.stdout.write(`${JSON.stringify(result)}\n`);
  if (result.status === 2) process.stderr.write(`\n${SETTINGS_HELP}`);
  return result.status;
}

async function work<Own, Resources>(load: () => Settings, options: WorkerOptions<Own, Resources>): Promise<number> {
  const { name, main, workflows, createActivities = () => ({}), validators = {}, activityInterceptors = [] } = options;
  // A closed terminal or pipe must not stop the worker while it has work in progress.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  let settings: Settings;
  try {
    settings = load();
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    reportSettings(error);
    return 2;
  }
  logFormat = settings.worker.logFormat ?? logFormat;
  const logger = loggerTo(process.stdout, settings.worker.logLevel.toUpperCase() as LogLevel);

  let worker: RunningWorker | undefined = undefined;
  let firstSignalAt: number | undefined;
  const onSignal = (): void => {
    // Nothing is running yet. Exit explicitly: PID 1 of a container ignores signals by default.
    if (worker === undefined) process.exit(130);
    // npm and the terminal both deliver the same Ctrl-C. A later one forces the exit.
    if (firstSignalAt !== undefined && Date.now() - firstSignalAt > SAME_SIGNAL_WITHIN_MS) process.exit(130);
    firstSignalAt ??= Date.now();
    worker.shutdown();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  listenForShutdown(onSignal);

  const metrics = createMetrics(installRuntime(settings, logger));
  const own = settings.app as Own;
  const resources = (await options.openResources?.(own)) as Resources;
  try {
    worker = await startWorker({
      settings,
      reloadSettings: load,
      ...{ name, main, validators, activityInterceptors },
      createActivities: (kuflow) => createActivities({ kuflow, settings: own, resources }),
      workflowTypes: Object.entries(workflows).flatMap(([type, value]) => (typeof value === 'function' ? [type] : [])),
      logger,
      metrics,
      development,
    });
    return await worker.ended;
  } finally {
    const closing = Promise.resolve(resources).then(options.closeResources);
    await withTimeout(closing, MAX_CLOSE_MS, `not closed within ${MAX_CLOSE_MS / 1_000} s`).catch((error: unknown) =>
      logger.warn('Could not close the resources of the project', { error }),
    );
  }
}

/** On Windows, which does not have SIGTERM, `kuflow` ends this connection to ask the worker to shut down. */
export function listenForShutdown(onRequest: () => void): void {
  const port = process.env[SHUTDOWN_PORT];
  if (port === undefined) return;
  const socket = connect(Number(port), '127.0.0.1').unref().resume();
  socket.on('error', () => undefined);
  socket.on('end', onRequest);
}

/** Installs Temporal's runtime with its logs and metrics. Returns the meter for this worker's own metrics. */
function installRuntime({ worker }: Settings, logger: Logger): MetricMeter {
  const install = (metrics?: MetricsExporterConfig): MetricMeter =>
    Runtime.install({
      logger,
      // This module handles signals itself.
      shutdownSignals: [],
      telemetryOptions: { logging: { filter: { core: 'WARN', other: 'ERROR' }, forward: {} }, metrics },
    }).metricMeter;
  const port = worker.metricsPort;
  if (port === 0) return install();
  try {
    return install({ prometheus: { bindAddress: `${development ? '127.0.0.1' : '0.0.0.0'}:${port}` } });
  } catch (error) {
    if (!development) throw new Error(`Could not listen on port ${port} (worker.metrics-port)`, { cause: error });
    logger.warn('Metrics are disabled because the metrics port is in use', { port });
    return install();
  }
}

function loggerTo(stream: NodeJS.WriteStream, level: LogLevel, format = logFormat): Logger {
  const frames = development ? 'all' : 'own';
  return createLogger({ level, format, frames, write: (line) => void stream.write(`${line}\n`) });
}

function reportSettings(error: SettingsError): void {
  logFormat = error.logFormat ?? logFormat;
  const message = 'Settings are missing or invalid';
  if (logFormat === 'pretty')
    process.stderr.write(`${message}:\n\n${error.message.replace(/^/gm, '  ')}\n\n${SETTINGS_HELP}`);
  else loggerTo(process.stderr, 'ERROR').error(message, { reason: error.message, hint: SETTINGS_HELP });
}

const SETTINGS_HELP = `To get the settings, use one of these:

  npx kuflow dev exec -- <command>           Run a command, such as this worker, with a local KuFlow
  npx kuflow credentials pull                Get an engine certificate from KuFlow, with the client ID and secret
                                             from the environment or from npx kuflow login
  npx kuflow credentials exec -- <command>   Run a command with these credentials
`;
