import type { DevEvent, DevPlatformRequest } from '../platform/session/start-dev-platform.ts';
import type { PlatformEndpoints, PortRequest } from '../platform/shared/types.ts';
import { ignoredOptionsLine } from '../platform/session/event-view.ts';
import type { Progress } from '../terminal/progress.ts';
import type { CommandContext } from './context.ts';
import type { DevFlags } from './platform-options.ts';

const exactPort = (port: number | undefined): PortRequest | undefined =>
  port === undefined ? undefined : { kind: 'exact', port };

const ANY_PORT: PortRequest = { kind: 'exact', port: 0 };

/** Where Temporal's UI listens unless another port is requested. */
const DEFAULT_UI_PORT = 7484;

/** The request for a local KuFlow that the flags describe. `start` is the command that starts the worker, for the console. */
export function platformRequest(
  flags: DevFlags,
  context: CommandContext,
  report: (event: DevEvent) => void,
  worker?: string,
): DevPlatformRequest {
  const chosenPort = (port: number | undefined): PortRequest | undefined =>
    port === undefined && flags.ephemeral === true ? ANY_PORT : exactPort(port);
  return {
    cwd: context.cwd,
    env: context.env,
    signal: context.interruption(),
    report,
    definitionFiles: flags.definition,
    peopleFile: flags.people,
    stateDir: flags.stateDir,
    temporalPath: flags.temporalPath,
    platform: {
      ports: {
        http: chosenPort(flags.port),
        https: chosenPort(flags.httpsPort),
        engine: chosenPort(flags.enginePort),
        temporalUi:
          flags.temporalUi === true ? { kind: 'preferred', port: DEFAULT_UI_PORT } : exactPort(flags.temporalUi),
      },
      hostNames: flags.hostName,
      tokenLife: flags.tokenLife,
      tokenGrace: flags.tokenGrace,
      certificateLife: flags.certificateLife,
      ephemeral: flags.ephemeral,
      followWorkers: flags.json,
      pageCommands: worker === undefined ? undefined : { kuflow: context.invocation, worker },
    },
  };
}

/** Warns, in one line, about options that only apply when the local KuFlow starts. A port that the running one already uses is not reported. */
export function warnAboutIgnoredOptions(progress: Progress, flags: DevFlags, running: PlatformEndpoints): void {
  const differs = (port: number | undefined, address: string): boolean =>
    port !== undefined && port !== 0 && !address.endsWith(`:${port}`);
  const ignored: Readonly<Record<string, boolean>> = {
    '--people': flags.people !== undefined,
    '--temporal-path': flags.temporalPath !== undefined,
    '--port': differs(flags.port, running.http),
    '--https-port': differs(flags.httpsPort, running.https),
    '--engine-port': differs(flags.enginePort, running.engine),
    '--host-name': flags.hostName !== undefined,
    '--token-life': flags.tokenLife !== undefined,
    '--token-grace': flags.tokenGrace !== undefined,
    '--certificate-life': flags.certificateLife !== undefined,
    '--requests': flags.requests === true,
  };
  const options = Object.keys(ignored).filter((option) => ignored[option]);
  if (options.length > 0) progress.note(ignoredOptionsLine(options), 'warning');
}
