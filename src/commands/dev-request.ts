import type { DevEvent, DevPlatformRequest } from '../flows/dev-platform.ts';
import type { PortRequest } from '../platform/platform-types.ts';
import type { CommandContext } from './context.ts';
import type { DevFlags } from './dev.ts';

const exact = (port: number): PortRequest => ({ kind: 'exact', port });

/** What the flags ask of the platform. */
export function devRequest(
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
        ...(flags.port === undefined ? {} : { http: exact(flags.port) }),
        ...(flags.httpsPort === undefined ? {} : { https: exact(flags.httpsPort) }),
        ...(flags.enginePort === undefined ? {} : { engine: exact(flags.enginePort) }),
      },
      ...(flags.hostName === undefined ? {} : { hostNames: flags.hostName }),
      ...(flags.tokenLife === undefined ? {} : { tokenLife: flags.tokenLife }),
      ...(flags.tokenGrace === undefined ? {} : { tokenGrace: flags.tokenGrace }),
      ...(flags.certificateLife === undefined ? {} : { certificateLife: flags.certificateLife }),
    },
  };
}
