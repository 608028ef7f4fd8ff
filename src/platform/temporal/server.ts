import { execFile } from 'node:child_process';
import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { renameFile } from '../../files/rename.ts';
import { codeOf, KnownError, messageOf } from '../../base/errors.ts';
import { withContext } from '../../base/system-error.ts';
import { isOlder } from '../../files/package-version.ts';
import { holdPort } from '../shared/ports.ts';
import type { PlatformOptions } from '../shared/types.ts';
import { superviseProcess, type ProcessExit, type SupervisedProcess } from '../supervisor/client.ts';
import { PlatformConnection } from './connection.ts';
import {
  createTemporalNetwork,
  PRIVATE_PORTS,
  supervisedNetwork,
  temporalAddress,
  type TemporalNetwork,
} from './private-network.ts';
import { UI_CODEC_PATH } from './ui-guard.ts';

export interface TemporalOptions extends Pick<PlatformOptions, 'stateDir' | 'ephemeral' | 'dynamicConfig' | 'signal'> {
  /** Absolute path of the `temporal` program. */
  readonly path: string;
  /** Default: what the program prints. */
  readonly versions?: TemporalVersions | undefined;
  readonly namespace: string;
  /** Default: a private network, or loopback if the system does not have them. */
  readonly network?: TemporalNetwork | undefined;
  /** Runs Temporal's UI too. */
  readonly ui?: boolean | undefined;
  readonly supervisorEntry: string;
}

export type TemporalVersions = NonNullable<PlatformOptions['temporalVersions']>;

export type TemporalServer = Awaited<ReturnType<typeof startInNetwork>>;

/** Milliseconds until it must answer. */
const READY_WITHIN = 30_000;
const READY_POLL = 50;
/** The oldest Temporal server whose time skipping is known to work. */
export const SKIPPING_SERVER = '1.32.0';
const TIME_SKIPPING = {
  'frontend.WorkflowTimeSkippingEnabled': true,
  // By default, each timer that is skipped takes up to a second.
  'history.timerProcessorMaxTimeShift': '10ms',
  'history.timerProcessorMaxPollRPS': 200,
} as const;

/**
 * Starts the real Temporal server with its data in `<stateDir>/temporal-<version>.db`, or in memory. The name contains
 * the version because the server does not migrate a file to another version's schema. Resolves when the server answers
 * for the namespace; otherwise rejects with KnownError that quotes the end of its log.
 */
export async function startTemporal(options: TemporalOptions): Promise<TemporalServer> {
  const versions = options.versions ?? (await readVersions(options.path));
  const home = join(options.stateDir, 'temporal-home');
  await mkdir(home, { recursive: true, mode: 0o700 });
  const logFile = join(options.stateDir, 'temporal.log');
  const dbFile = options.ephemeral === true ? undefined : join(options.stateDir, `temporal-${versions.version}.db`);
  if (dbFile !== undefined)
    await withContext("Opening the Temporal server's data", dbFile, () => checkWritable(dbFile));
  const network = options.network ?? (await createTemporalNetwork());
  try {
    return await startInNetwork({ ...options, versions, home, logFile, dbFile }, network);
  } catch (error) {
    if (options.network === undefined && network.kind === 'private') network.remove();
    throw error;
  }
}

/** Milliseconds. After more than `MAX_RESTARTS` exits in this time the server is not restarted. */
const RESTART_WINDOW = 60_000;
const MAX_RESTARTS = 5;

/** Starts the Temporal server, and restarts it with the same address and data when it exits unexpectedly. `onRestart` gets a message each time. */
export async function keepTemporalRunning(
  options: TemporalOptions & { readonly onRestart: (message: string) => void },
) {
  let server = await startTemporal(options);
  const { network, address, version, serverVersion } = server;
  const versions = { version, serverVersion };
  let stopped = false;
  let restarting: Promise<void> | undefined;
  const exits: number[] = [];

  const watch = (watched: TemporalServer): void => {
    void watched.exited.then((exit) => {
      if (stopped) return;
      options.onRestart(
        `The Temporal server exited unexpectedly (${exit.signal ?? `status ${exit.code ?? 'unknown'}`}) and is being restarted`,
      );
      restarting = restart(watched.logFile);
    });
  };

  const restart = async (logFile: string): Promise<void> => {
    for (;;) {
      const now = Date.now();
      exits.push(now);
      if (exits.filter((at) => now - at < RESTART_WINDOW).length > MAX_RESTARTS) {
        options.onRestart(
          `The Temporal server exited more than ${MAX_RESTARTS} times in a minute and is not restarted; see its log, ${logFile}`,
        );
        return;
      }
      try {
        server = await startTemporal({ ...options, network, versions });
        if (stopped) await server.stop();
        else watch(server);
        return;
      } catch (error) {
        if (stopped) return;
        options.onRestart(`The Temporal server could not be restarted: ${messageOf(error)}`);
      }
    }
  };
  watch(server);

  return {
    /** `unix:<path>`, or `127.0.0.1:<port>`; stays the same after a restart. */
    address,
    ...versions,
    /** The address of Temporal's UI, if it was requested. A restarted server can have another one. */
    uiAddress: () => server.uiAddress,
    pid: () => server.pid,
    stop: async (): Promise<void> => {
      stopped = true;
      await server.stop();
      await restarting;
    },
  };
}

export type ManagedTemporal = Awaited<ReturnType<typeof keepTemporalRunning>>;

type StartOptions = TemporalOptions & {
  readonly versions: TemporalVersions;
  readonly home: string;
  readonly logFile: string;
  /** Undefined: the data is in memory. */
  readonly dbFile: string | undefined;
};

async function startInNetwork(options: StartOptions, network: TemporalNetwork) {
  const { home, logFile, dbFile } = options;
  for (let attempt = 1; ; attempt++) {
    const ports = await choosePorts(network, options.ui === true);
    const { port, uiPort } = ports;
    await rotateLog(logFile);
    const supervised = await superviseProcess({
      supervisorEntry: options.supervisorEntry,
      command: options.path,
      args: serverArguments(options, ports),
      env: serverEnvironment(home),
      cwd: options.stateDir,
      logFile,
      // One server per database file: after a platform was killed, its server takes a second to exit.
      pidFile: join(options.stateDir, 'temporal.held'),
      temporaryFolder: options.ephemeral === true ? options.stateDir : undefined,
      network: supervisedNetwork(network, uiPort === undefined ? [port] : [port, uiPort]),
    });
    const address = temporalAddress(network, port);
    const problem = await waitUntilReady(supervised, address, options);
    if (problem === undefined) {
      return {
        /** For a server that replaces this one, so that it gets the same address. */
        network: network.kind === 'loopback' ? { kind: network.kind, port } : network,
        /** `unix:<path>`, or `127.0.0.1:<port>`. */
        address,
        /** Of Temporal's UI, if it was requested. */
        uiAddress: uiPort === undefined ? undefined : temporalAddress(network, uiPort),
        ...options.versions,
        pid: supervised.pid,
        logFile,
        /** Resolves when the server has exited, for whatever reason. */
        exited: supervised.exited,
        /** Asks it to exit, and kills it after 10 s. Safe to call twice. */
        stop: async (): Promise<void> => {
          await supervised.stop();
          if (network.kind === 'private') network.remove();
        },
      };
    }
    await supervised.stop();
    options.signal?.throwIfAborted();
    const log = await readLogTail(logFile);
    // Another process took the port before the server started.
    const portTaken =
      network.kind === 'loopback' &&
      (network.port === undefined || uiPort !== undefined) &&
      /address already in use|can't set (frontend|UI) port/i.test(log);
    // Occasionally the server panics in its first second; its log then ends with a Go stack trace.
    const panicked = /\.go:\d+/.test(log);
    if (attempt < 3 && (portTaken || panicked)) continue;
    throw new KnownError({
      message: `The Temporal server did not start: ${problem}`,
      tried: [options.path, ...serverArguments(options, ports)].join(' '),
      seen: log === '' ? 'its log is empty' : log,
      next: [
        `Read ${logFile}`,
        ...(dbFile === undefined
          ? []
          : [`If its data is damaged, move ${basename(dbFile)} away; the processes in progress are lost`]),
      ],
    });
  }
}

type ServerPorts = Awaited<ReturnType<typeof choosePorts>>;

async function choosePorts(network: TemporalNetwork, ui: boolean) {
  if (network.kind === 'private') return { port: PRIVATE_PORTS.frontend, uiPort: ui ? PRIVATE_PORTS.ui : undefined };
  // Held at the same time, so that they differ.
  const frontend = network.port === undefined ? await holdPort(undefined, 0) : undefined;
  const uiPort = ui ? await holdPort(undefined, 0) : undefined;
  await Promise.all([frontend?.close(), uiPort?.close()]);
  return { port: network.port ?? frontend?.port ?? 0, uiPort: uiPort?.port };
}

/** Throws the system's short error here, where the server would print many lines. */
async function checkWritable(path: string): Promise<void> {
  try {
    await (await open(path, 'r+')).close();
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}

function serverArguments(options: StartOptions, { port, uiPort }: ServerPorts): string[] {
  const dynamic = {
    // By default the server closes connections every five minutes, which only makes sense behind a load balancer.
    'frontend.keepAliveMaxConnectionAge': '24h',
    // The default of newer servers. The gateway does not check the namespaces inside a workflow's commands.
    'system.enableCrossNamespaceCommands': false,
    // Nothing uses the server's HTTP API, which takes commands from web pages. The server rejects a Host with a space, so none is allowed; an empty
    // list would allow an empty Host.
    'frontend.httpAllowedHosts': ['no host'],
    ...(canSkipTime(options.versions) ? TIME_SKIPPING : {}),
    ...options.dynamicConfig,
  };
  return [
    ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(port)],
    ...(options.dbFile === undefined ? [] : ['--db-filename', options.dbFile]),
    ...(uiPort === undefined
      ? ['--headless']
      : ['--ui-port', String(uiPort), '--ui-codec-endpoint', UI_CODEC_PATH, '--ui-disable-news-fetch']),
    ...['--namespace', options.namespace, '--search-attribute', 'KuFlowWorkflowVersion=Int'],
    ...Object.entries(dynamic).flatMap(([key, value]) => ['--dynamic-config-value', `${key}=${JSON.stringify(value)}`]),
    ...['--log-level', 'warn', '--color', 'never', '--disable-config-file', '--disable-config-env'],
  ];
}

/** The user's environment without settings of the server, and with a separate home for its cluster id. */
function serverEnvironment(home: string): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('TEMPORAL_') && !name.startsWith('KUFLOW_'),
  );
  return { ...Object.fromEntries(kept), HOME: home, XDG_CONFIG_HOME: home, USERPROFILE: home, APPDATA: home };
}

async function waitUntilReady(supervised: SupervisedProcess, address: string, options: TemporalOptions) {
  const { namespace, signal } = options;
  const connection = PlatformConnection.lazy({ address });
  const state: { ended?: ProcessExit } = {};
  void supervised.exited.then((exit) => (state.ended = exit));
  const deadline = Date.now() + READY_WITHIN;
  let last = '';
  try {
    while (Date.now() < deadline && signal?.aborted !== true) {
      const { ended } = state;
      if (ended !== undefined) return `it exited at once (${ended.signal ?? `status ${ended.code ?? 'unknown'}`})`;
      try {
        const inTime = Date.now() + 1000;
        await connection.withDeadline(inTime, () => connection.workflowService.getSystemInfo({}));
        await connection.withDeadline(inTime, () => connection.workflowService.describeNamespace({ namespace }));
        return undefined;
      } catch (error) {
        last = messageOf(error);
        await Promise.race([supervised.exited, new Promise((resolve) => setTimeout(resolve, READY_POLL))]);
      }
    }
    return signal?.aborted === true ? 'it was interrupted' : `no answer within ${READY_WITHIN / 1000} s (${last})`;
  } finally {
    await connection.close();
  }
}

async function readVersions(path: string): Promise<TemporalVersions> {
  const { stdout } = await promisify(execFile)(path, ['--version'], { timeout: 10_000, windowsHide: true });
  const versionIn = (pattern: RegExp): string => pattern.exec(stdout)?.[1] ?? 'unknown';
  return { version: versionIn(/version v?([\w.-]+)/), serverVersion: versionIn(/\(Server v?([\w.-]+)/) };
}

export function canSkipTime({ serverVersion }: Pick<TemporalVersions, 'serverVersion'>): boolean {
  return !isOlder(serverVersion, SKIPPING_SERVER);
}

/** Keeps the log of the previous run, which is the interesting one after a crash. */
async function rotateLog(logFile: string): Promise<void> {
  try {
    await renameFile(logFile, `${logFile}.1`);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') await rm(logFile, { force: true });
  }
}

async function readLogTail(logFile: string): Promise<string> {
  const text = await readFile(logFile, 'utf8').catch(() => '');
  return text.trim().split('\n').slice(-8).join('\n').slice(-2000);
}
