import { KnownError } from '../../base/errors.ts';
import type { ConnectionSettings } from '../../connection/resolve.ts';
import type { Discover } from './load-definition.ts';
import type { Prompts } from '../../terminal/prompts.ts';
import type { CommandContext } from '../../cli/context.ts';

/** Reads a process from KuFlow's API; a person, if there is one, is asked before instances are read. `describe` is for advice. */
export function apiDiscovery(
  connection: ConnectionSettings | undefined,
  ask: Prompts | undefined,
  context: CommandContext,
  signal: AbortSignal,
  describe?: (code: string) => string,
): Discover {
  return async (code, { sample, report }) => {
    if (connection === undefined)
      throw new KnownError({ message: 'The credentials of the application are missing', status: 2 });
    const [{ discoverFromApi }, { restSettings }, { askToSample: askToRead }] = await Promise.all([
      import('../../discovery/from-api.ts'),
      import('../../connection/rest.ts'),
      import('../../discovery/ask-to-sample.ts'),
    ]);
    return discoverFromApi({
      rest: await restSettings(connection.settings, context.env),
      code,
      ...(sample === undefined ? {} : { sample }),
      ...(ask === undefined ? {} : { mayRead: askToRead(ask) }),
      report,
      signal,
      ...(describe === undefined ? {} : { describeCommand: describe(code) }),
    });
  };
}
