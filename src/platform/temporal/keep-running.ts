import { messageOf } from '../../base/errors.ts';
import { startTemporal, type TemporalOptions, type TemporalServer } from './server.ts';

export interface KeptTemporal {
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
): Promise<KeptTemporal> {
  let server: TemporalServer = await startTemporal(options);
  const { port, address, version } = server;
  let stopped = false;
  let restarting: Promise<void> | undefined;
  const deaths: number[] = [];

  const watch = (watched: TemporalServer): void => {
    void watched.exited.then((exit) => {
      if (stopped) return;
      const now = Date.now();
      deaths.push(now);
      const how = exit.signal ?? `status ${exit.code ?? 'unknown'}`;
      if (deaths.filter((at) => now - at < RESTART_WINDOW).length > MOST_RESTARTS) {
        options.onRestart(`The Temporal server ended again (${how}) and stays down; its log is ${watched.logFile}`);
        return;
      }
      options.onRestart(`The Temporal server ended (${how}); it is started again`);
      restarting = startTemporal({ ...options, port, version }).then(
        async (next) => {
          server = next;
          if (stopped) await next.stop();
          else watch(next);
        },
        (error: unknown) => options.onRestart(`The Temporal server could not be started again: ${messageOf(error)}`),
      );
    });
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
