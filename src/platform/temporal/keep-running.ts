import { messageOf } from '../../base/errors.ts';
import { startTemporal, type TemporalOptions, type TemporalServer, type TemporalVersions } from './server.ts';

/** Milliseconds. After more than `MAX_RESTARTS` exits in this time the server is not restarted. */
const RESTART_WINDOW = 60_000;
const MAX_RESTARTS = 5;

/** Starts the Temporal server, and restarts it with the same address and data when it exits unexpectedly. `onRestart` gets a message each time. */
export async function keepTemporalRunning(
  options: TemporalOptions & { readonly onRestart: (message: string) => void },
) {
  let server: TemporalServer = await startTemporal(options);
  const { network, address, version, serverVersion } = server;
  const versions: TemporalVersions = { version, serverVersion };
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
