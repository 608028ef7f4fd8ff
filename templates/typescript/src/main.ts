import { noopMetricMeter, type Logger, type MetricMeter } from '@temporalio/common';
import { Runtime, type RuntimeOptions } from '@temporalio/worker';
import * as activities from './activities.ts';
import { check, type CheckStep } from './kuflow/check.ts';
import { createLogger } from './kuflow/logging.ts';
import { createMetrics } from './kuflow/metrics.ts';
import { loadSettings, type Settings } from './kuflow/settings.ts';
import { SettingsError } from './kuflow/settings-problem.ts';
import { startWorker, type RunningWorker } from './kuflow/worker-runtime.ts';
import * as workflows from './workflows.ts';

const USAGE = `Usage: node main.js [--check [--json]] [--dev]

  --check  try the connection to KuFlow step by step and exit: 0 connected, 1 failed, 2 settings, 4 could not tell
  --json   the result of --check as JSON
           KUFLOW_WORKER_CHECK_SECONDS: how long it may take; what it has no result of by then it could not tell
  --dev    logs for a person, quick restarts, free ports in place of taken ones
`;
const OPTIONS = ['--check', '--json', '--dev', '--help'];
const CHECK_SECONDS = 'KUFLOW_WORKER_CHECK_SECONDS';
const SAME_SIGNAL_WITHIN = 1_000;

const options = new Set(process.argv.slice(2));
let flushLogs = (): void => undefined;
const load = (): Settings => loadSettings(process.cwd(), process.env);

async function main(): Promise<number> {
  const unknown = [...options].find((option) => !OPTIONS.includes(option));
  if (unknown !== undefined || (options.has('--json') && !options.has('--check'))) {
    process.stderr.write(`${unknown === undefined ? '--json needs --check' : `Unknown option ${unknown}`}\n\n${USAGE}`);
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
    process.stderr.write(`${CHECK_SECONDS}: expected seconds, more than 0 and at most 3600\n`);
    return 2;
  }
  Runtime.install({ logger: createLogger({ level: 'ERROR', format: 'text', write: writeTo(process.stderr) }) });
  const report = ({ step, status, detail }: CheckStep): void => {
    if (!json)
      process.stdout.write(`${status.padEnd(8)} ${step.padEnd(12)} ${detail.replaceAll('\n', '\n'.padEnd(23))}\n`);
  };
  const result = await check(load, report, seconds === undefined ? undefined : Number(seconds));
  if (json) process.stdout.write(`${JSON.stringify(result)}\n`);
  if (result.status === 2) process.stderr.write(`\n${WHERE_TO_GET_SETTINGS}`);
  return result.status;
}

async function runWorker(): Promise<number> {
  // A reader of the log that is gone (a closed terminal, a pipe's end) is no reason to drop the work in hand.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  const development = options.has('--dev');
  const logger = createLogger({
    level: 'INFO',
    format: development ? 'text' : 'json',
    write: writeTo(process.stdout),
  });
  let settings: Settings;
  try {
    settings = load();
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    process.stderr.write(
      `The settings of this worker are not complete:\n\n${indent(error.message)}\n\n${WHERE_TO_GET_SETTINGS}`,
    );
    return 2;
  }

  let worker: RunningWorker | undefined = undefined;
  let firstSignalAt: number | undefined;
  const onSignal = (): void => {
    // Nothing is in hand yet. The first process of a container does not end by a signal that nobody listens for.
    if (worker === undefined) process.exit(130);
    // npm and a terminal both deliver the same Ctrl-C; a later one means it.
    if (firstSignalAt !== undefined && Date.now() - firstSignalAt > SAME_SIGNAL_WITHIN) process.exit(130);
    firstSignalAt ??= Date.now();
    worker.shutdown();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);

  const metrics = createMetrics(installRuntime(settings, logger, development));
  worker = await startWorker({
    settings,
    reloadSettings: load,
    activities,
    // Each exported function of src/workflows.ts is a workflow type.
    workflowTypes: Object.entries(workflows).flatMap(([name, value]) => (typeof value === 'function' ? [name] : [])),
    logger,
    metrics,
    development,
    // For tests of what happens when a token is not renewed; nobody else wants this.
    tokenRenewal: process.env['KUFLOW_WORKER_TOKEN_RENEWAL'] !== 'off',
  });

  return worker.ended;
}

/** Temporal's runtime with its own logs and metrics; returns the meter for ours. */
function installRuntime({ worker }: Settings, logger: Logger, development: boolean): MetricMeter {
  const logging = { filter: { core: 'WARN', other: 'ERROR' }, forward: {} } as const;
  // The worker itself decides what a signal means.
  const common = { logger, shutdownSignals: [] };
  if (worker.metricsPort !== 0) {
    const bindAddress = `${development ? '127.0.0.1' : '0.0.0.0'}:${worker.metricsPort}`;
    try {
      const telemetryOptions = { logging, metrics: { prometheus: { bindAddress } } };
      return installed({ ...common, telemetryOptions }).metricMeter;
    } catch (error) {
      if (!development) throw new Error(`worker.metrics-port ${worker.metricsPort} can't be used`, { cause: error });
      logger.warn('The metrics port is taken: there are no metrics', { port: worker.metricsPort });
    }
  }
  installed({ ...common, telemetryOptions: { logging } });
  return noopMetricMeter;
}

function installed(runtimeOptions: RuntimeOptions): Runtime {
  const runtime = Runtime.install(runtimeOptions);
  flushLogs = () => runtime.flushLogs();
  return runtime;
}

function writeTo(stream: NodeJS.WriteStream): (line: string) => void {
  return (line) => void stream.write(`${line}\n`);
}

function indent(text: string): string {
  return text.replace(/^/gm, '  ');
}

const WHERE_TO_GET_SETTINGS = `Two commands help:

  npx kuflow dev exec -- <command>   runs a command, such as this worker, with a local KuFlow
  npx kuflow credentials pull        gets the engine certificate of a real KuFlow, with client id and secret from the
                                     environment or from npx kuflow login; then npx kuflow credentials exec -- <command>
                                     runs a command with all of it
`;

main().then(
  (status) => {
    process.exitCode = status;
    // Temporal's native threads may outlive the worker; whatever had to end has ended.
    setTimeout(() => process.exit(), 2_000).unref();
  },
  (error: unknown) => {
    // The runtime keeps lines back for a moment to put them in order: those of the bundler say what is wrong with a workflow.
    flushLogs();
    const logger = createLogger({
      level: 'ERROR',
      format: options.has('--dev') ? 'text' : 'json',
      write: writeTo(process.stderr),
    });
    logger.error('The worker could not start', { error });
    process.exit(1);
  },
);
