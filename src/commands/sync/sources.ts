import { countOf } from '../../base/count-of.ts';
import { escapeForTerminal } from '../../base/escape.ts';
import { amendError, KnownError } from '../../base/errors.ts';
import { connectionContext } from '../../cli/connection-options.ts';
import type { CommandContext } from '../../cli/context.ts';
import type { ConnectionFlags } from '../../connection/flags.ts';
import { requireConnection, type Connection, resolveConnection } from '../../connection/resolve-connection.ts';
import { compareProcess } from '../../discovery/compare-definition.ts';
import { compareWorkerSample } from '../../discovery/compare-worker-sample.ts';
import { discoverFromApi } from '../../discovery/from-api.ts';
import type { Comparison } from '../../discovery/findings.ts';
import { askForSample } from '../../discovery/sampling.ts';
import type { DiscoveredProcess, DiscoveryEvent } from '../../discovery/types.ts';
import { readWorkerSample } from '../../process/worker-sample/read.ts';
import type { Prompts } from '../../terminal/prompts.ts';
import type { LiveSource } from './compare-processes.ts';

interface ApiSourceOptions {
  readonly flags: ConnectionFlags & { readonly sample?: number | undefined };
  /** Absolute folder of the project. */
  readonly folder: string;
  readonly context: CommandContext;
  readonly ask: Prompts | undefined;
  readonly report: (event: DiscoveryEvent) => void;
}

/** The connection of the project. Rejects with a KnownError if it is not configured. */
export async function requireApiConnection(
  flags: ConnectionFlags,
  folder: string,
  context: CommandContext,
): Promise<Connection> {
  const { invocation } = context;
  const settings = await resolveConnection(flags, connectionContext(context, folder));
  try {
    return await requireConnection(settings);
  } catch (error) {
    if (!(error instanceof KnownError)) throw error;
    const isMissing = settings.result.problems.some(({ code }) => code === 'missing');
    const why = "kuflow sync needs a connection to KuFlow's service, because it cannot compare with the local KuFlow";
    const message = isMissing ? `${why}\n${error.message}` : error.message;
    const step = `Or compare with a worker sample from the KuFlow app, without credentials: ${invocation} sync --from worker-sample.zip`;
    throw amendError(error, { message, next: [step] });
  }
}

/** The live processes of the configured KuFlow. Rejects with a KnownError if the connection is not configured. */
export async function openApiSource(options: ApiSourceOptions): Promise<LiveSource> {
  const { flags, folder, context, report } = options;
  const signal = context.interruption();
  const connection = await requireApiConnection(flags, folder, context);
  for (const warning of connection.warnings) context.terminal.err.line(`Warning: ${escapeForTerminal(warning, 1000)}`);
  const rest = await connection.rest();
  const sample = await askForSample(flags.sample, options.ask);
  return {
    kind: 'api',
    compare: async ({ definition, layout }) => {
      const { code, tenant } = definition.process;
      const discovered = await discoverFromApi({
        // Another tenant may have a definition with the same code.
        rest: { ...rest, tenantId: rest.tenantId ?? tenant },
        code,
        sample,
        comparesVersions: true,
        describeCommand: `edit ${layout.definitionFile}, then run ${context.invocation} generate`,
        report,
        signal,
      });
      const comparison = compareProcess(definition, discovered);
      return { comparison, discovered, notes: fieldNotes(comparison, discovered) };
    },
  };
}

function fieldNotes({ fieldsCompared }: Comparison, { evidence, gaps }: DiscoveredProcess): readonly string[] {
  const { read, unreadable } = evidence;
  const instances = countOf(read, 'instance');
  if (fieldsCompared) return [`Fields were compared with the keys and types of ${instances}`];
  if (read > 0) return [`No valid data of the newest version was found in ${instances}, so fields were not compared`];
  if (unreadable > 0 || gaps.includes('reading-stopped')) return [];
  return ['Fields were not compared, because no instance was read. To compare them, pass --sample <count>'];
}

/** The worker sample at `path`, an absolute path. Rejects with a KnownError if it cannot be read. */
export async function openSampleSource(path: string): Promise<LiveSource> {
  const sample = await readWorkerSample(path);
  return {
    kind: 'worker-sample',
    compare: ({ definition }) => {
      const comparison = compareWorkerSample(definition, sample);
      const hasNewTask = comparison.findings.some(({ kind }) => kind === 'task-added');
      return Promise.resolve({
        comparison,
        order: sample.tasks.map(({ code }) => code),
        notes: [
          'Fields were not compared: a worker sample does not contain the shapes of the data',
          ...(hasNewTask
            ? ['It does not say whether people or the worker complete a task, so new tasks are human tasks']
            : []),
        ],
      });
    },
  };
}
