import type { Logger, LogLevel, MetricMeter } from '@temporalio/common';
import { Runtime, type MetricsExporterConfig } from '@temporalio/worker';
import { createActivities } from './activities.ts';
import { check, type CheckStep } from './kuflow/check.ts';
import { createLogger } from './kuflow/logging.ts';
import { createMetrics } from './kuflow/metrics.ts';
import { loadSettings, SettingsError, type LogFormat, type Settings } from './kuflow/settings.ts';
import { startWorker, type RunningWorker } from './kuflow/worker-runtime.ts';
import * as workflows from './workflows.ts';

const USAGE = `Usage: node main.js [--check [--json]] [--dev]

  --check  Check the connection to KuFlow step by step and exit with 0 (connected), 1 (failed), 2 (invalid settings)
           or 4 (inconclusive). KUFLOW_WORKER_CHECK_SECONDS sets a time limit.
  --json   Print the result of --check as JSON
  --dev    Print readable logs, shut down quickly, and start even if the health or metrics port is in use
`;
const OPTIONS = ['--check', '--json', '--dev', '--help'];
const CHECK_SECONDS = 'KUFLOW_WORKER_CHECK_SECONDS';
const SAME_SIGNAL_WITHIN_MS = 1_000;

const options = new Set(process.argv.slice(2));
const development = options.has('--dev');
let logFormat: LogFormat = development ? 'pretty' : 'json';
const load = (): Settings => loadSettings(process.cwd(), process.env);

async function main(): Promise<number> {
  const unknown = [...options].find((option) => !OPTIONS.includes(option));
  if (unknown !== undefined || (options.has('--json') && !options.has('--check'))) {
    process.stderr.write(
      `${unknown === undefined ? '--json requires --check' : `Unknown option ${unknown}`}\n\n${USAGE}`,
    );
    return 2;
  }
  if (options.has('--help')) {
    process.stdout.write(USAGE);
    return 0;
  }
  return options.has('--check') ? runCheck() : runWorker();
}

async function runCheck(): Promise<number> {
  const json = options.has('--json');
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
  const result = await check(load, report, seconds === undefined ? undefined : Number(seconds));
  if (json) process.stdout.write(`${JSON.stringify(result)}\n`);
  if (result.status === 2) process.stderr.write(`\n${SETTINGS_HELP}`);
  return result.status;
}

async function runWorker(): Promise<number> {
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

  const metrics = createMetrics(installRuntime(settings, logger));
  worker = await startWorker({
    settings,
    reloadSettings: load,
    createActivities,
    // Every function that src/workflows.ts exports is a workflow type.
    workflowTypes: Object.entries(workflows).flatMap(([name, value]) => (typeof value === 'function' ? [name] : [])),
    logger,
    metrics,
    development,
  });

  return worker.ended;
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

main().then(
  (status) => {
    process.exitCode = status;
    // The worker is closed, but Temporal's native threads may keep the process alive.
    setTimeout(() => process.exit(), 2_000).unref();
  },
  (error: unknown) => {
    // The runtime buffers log lines to sort them. Print them first: the bundler's lines say what is wrong with a workflow.
    Runtime.instance().flushLogs();
    loggerTo(process.stderr, 'ERROR').error('The worker could not start', { error });
    process.exit(1);
  },
);
