import type { DevEvent, DevPlatformRequest } from '../platform/session/start.ts';
import type { PlatformEndpoints, PortRequest } from '../platform/types.ts';
import { ignoredOptionsLine } from '../platform/session/view.ts';
import type { Progress } from '../terminal/progress.ts';
import type { CommandContext } from './context.ts';

const exactPort = (port: number): PortRequest => ({ kind: 'exact', port });

/** What the flags ask of the platform. */
export function platformRequest(
  flags: DevFlags,
  context: CommandContext,
  report: (event: DevEvent) => void,
): DevPlatformRequest {
  return {
    cwd: context.cwd,
    env: context.env,
    signal: context.interruption(),
    report,
    ...(flags.definition === undefined ? {} : { definitionFiles: flags.definition }),
    ...(flags.stateDir === undefined ? {} : { stateDir: flags.stateDir }),
    ...(flags.temporalPath === undefined ? {} : { temporalPath: flags.temporalPath }),
    platform: {
      ports: {
        ...(flags.port === undefined ? {} : { http: exactPort(flags.port) }),
        ...(flags.httpsPort === undefined ? {} : { https: exactPort(flags.httpsPort) }),
        ...(flags.enginePort === undefined ? {} : { engine: exactPort(flags.enginePort) }),
      },
      ...(flags.hostName === undefined ? {} : { hostNames: flags.hostName }),
      ...(flags.tokenLife === undefined ? {} : { tokenLife: flags.tokenLife }),
      ...(flags.tokenGrace === undefined ? {} : { tokenGrace: flags.tokenGrace }),
      ...(flags.certificateLife === undefined ? {} : { certificateLife: flags.certificateLife }),
    },
  };
}

/** Warns of the options given that only a start takes, in one line; a port that the running platform has anyway is none of them. */
export function warnAboutIgnoredOptions(progress: Progress, flags: DevFlags, running: PlatformEndpoints): void {
  const moves = (port: number | undefined, address: string): boolean =>
    port !== undefined && port !== 0 && !address.endsWith(`:${port}`);
  const idle: Readonly<Record<string, boolean>> = {
    '--temporal-path': flags.temporalPath !== undefined,
    '--port': moves(flags.port, running.http),
    '--https-port': moves(flags.httpsPort, running.https),
    '--engine-port': moves(flags.enginePort, running.engine),
    '--host-name': flags.hostName !== undefined,
    '--token-life': flags.tokenLife !== undefined,
    '--token-grace': flags.tokenGrace !== undefined,
    '--certificate-life': flags.certificateLife !== undefined,
    '--requests': flags.requests === true,
  };
  const options = Object.keys(idle).filter((option) => idle[option]);
  if (options.length > 0) progress.note(ignoredOptionsLine(options), 'warning');
}
/** Options of `dev` and of its commands that start a platform, as commander hands them over. */

export interface DevFlags {
  readonly definition?: readonly string[];
  readonly stateDir?: string;
  readonly temporalPath?: string;
  readonly port?: number;
  readonly httpsPort?: number;
  readonly enginePort?: number;
  readonly hostName?: readonly string[];
  readonly tokenLife?: number;
  readonly tokenGrace?: number;
  readonly certificateLife?: number;
  readonly requests?: boolean;
}
