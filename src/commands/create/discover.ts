import { KnownError } from '../../base/errors.ts';
import type { Connection } from '../../connection/require.ts';
import type { Discover } from './load-definition.ts';
import type { Prompts } from '../../terminal/prompts.ts';

/** Reads a process from KuFlow's API; a person, if there is one, is asked before instances are read. `describe` is for advice. */
export function apiDiscovery(
  connection: Connection | undefined,
  ask: Prompts | undefined,
  signal: AbortSignal,
  describe?: (code: string) => string,
): Discover {
  return async (code, { sample, report }) => {
    if (connection === undefined)
      throw new KnownError({ message: 'The credentials of the application are missing', status: 2 });
    const [{ discoverFromApi }, { askToSample: askToRead }] = await Promise.all([
      import('../../discovery/from-api.ts'),
      import('../../discovery/ask-to-sample.ts'),
    ]);
    return discoverFromApi({
      rest: await connection.rest(),
      code,
      ...(sample === undefined ? {} : { sample }),
      ...(ask === undefined ? {} : { mayRead: askToRead(ask) }),
      report,
      signal,
      ...(describe === undefined ? {} : { describeCommand: describe(code) }),
    });
  };
}
