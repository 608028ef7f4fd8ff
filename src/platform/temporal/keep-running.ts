import { messageOf } from '../../base/errors.ts';
import { startTemporal, type TemporalOptions, type TemporalServer } from './server.ts';

export interface ManagedTemporal {
  readonly port: number;
  /** `127.0.0.1:port`, the same over restarts. */
  readonly address: string;
  readonly version: string;
  pid(): number;
  stop(): Promise<void>;
}

/** Milliseconds; more than `MOST_RESTARTS` deaths in this time and it stays down. */
const RESTART_WINDOW = 60_000;
const MOST_RESTARTS = 5;

/**
 * The Temporal server, started again on the same port and data when it dies without being asked to, so that workers behind
 * the gateway go on. `onRestart` gets a sentence for the log each time.
 */
export async function keepTemporalRunning(
  options: TemporalOptions & { readonly onRestart: (message: string) => void },
): Promise<ManagedTemporal> {
  let server: TemporalServer = await startTemporal(options);
  const { port, address, version } = server;
  let stopped = false;
  let restarting: Promise<void> | undefined;
  const deaths: number[] = [];

  const watch = (watched: TemporalServer): void => {
    void watched.exited.then((exit) => {
      if (stopped) return;
      options.onRestart(
        `The Temporal server ended (${exit.signal ?? `status ${exit.code ?? 'unknown'}`}); it is started again`,
      );
      restarting = startAgain(watched.logFile);
    });
  };

  const startAgain = async (logFile: string): Promise<void> => {
    for (;;) {
      const now = Date.now();
      deaths.push(now);
      if (deaths.filter((at) => now - at < RESTART_WINDOW).length > MOST_RESTARTS) {
        options.onRestart(
          `The Temporal server ended ${MOST_RESTARTS} times in a minute and stays down; its log is ${logFile}`,
        );
        return;
      }
      try {
        server = await startTemporal({ ...options, port, version });
        if (stopped) await server.stop();
        else watch(server);
        return;
      } catch (error) {
        if (stopped) return;
        options.onRestart(`The Temporal server could not be started again: ${messageOf(error)}`);
      }
    }
  };
  watch(server);

  return {
    port,
    address,
    version,
    pid: () => server.pid,
    stop: async () => {
      stopped = true;
      await server.stop();
      await restarting;
    },
  };
}
