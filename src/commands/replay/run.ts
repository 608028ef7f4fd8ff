import { escapeForTerminal } from '../../base/escape.ts';
import { KnownError } from '../../base/errors.ts';
import { connectionContext } from '../../cli/connection-options.ts';
import type { CommandContext } from '../../cli/context.ts';
import { localKuFlow } from '../../cli/local-kuflow.ts';
import type { ConnectionFlags } from '../../connection/flags.ts';
import { inspectConnection } from '../../connection/inspect.ts';
import { requireConnection, resolveConnection } from '../../connection/resolve-connection.ts';
import { openEngine } from '../../diagnostics/check-connection.ts';
import type { WorkerCommand } from '../../languages/diagnosis.ts';
import type { ProcessState } from '../../kuflow/contract/processes.ts';
import { languageOf } from '../../languages/all-languages.ts';
import { workerCommand } from '../../project/commands.ts';
import { workflowChangeHint } from '../../project/next-steps.ts';
import { readProject, type ProjectFiles } from '../../project/edit/open-project.ts';
import { connectionAsEnvironment } from '../../settings/precedence.ts';
import { openProgress } from '../../terminal/progress.ts';
import { replayProcesses } from './replay-processes.ts';
import { printReplay } from './view.ts';

interface ReplayFlags extends ConnectionFlags {
  readonly state?: readonly ProcessState[];
  readonly limit?: number;
  readonly local?: boolean;
  readonly json?: boolean;
}

/** `kuflow replay`. With `--json`: `{ status, codes, states, found, replayed, matching, mismatches, warnings, unreadable }`. */
export async function runReplay(flags: ReplayFlags, context: CommandContext): Promise<void> {
  const { terminal, env, cwd } = context;
  const states = [...new Set<ProcessState>(flags.state ?? ['RUNNING'])];
  const project = await readProject(cwd, env);
  const codes = project.processes.map(({ definition }) => definition.process.code);
  const command = await findWorker(project, env);
  const signal = context.interruption();
  const { folder } = project;
  const local = localKuFlow(flags, context);
  const resolved = await resolveConnection(flags, { ...connectionContext(context, folder), local });
  const { settings, warnings } = await requireConnection(resolved);
  for (const warning of warnings) terminal.err.line(`Warning: ${escapeForTerminal(warning, 1000)}`);

  const progress = openProgress(terminal.err);
  try {
    progress.begin('Reading the processes');
    const inspected = await inspectConnection({ settings, problems: [] }, env);
    const engine = await openEngine(inspected, { env, signal });
    try {
      const result = await replayProcesses({
        ...{ engine, codes, states, command, folder, signal },
        env: { ...env, ...connectionAsEnvironment(settings) },
        tenantId: settings['kuflow.api.tenant-id']?.value,
        limit: flags.limit,
        onProgress: (done, of) => progress.detail(`${done} of ${of}`),
      });
      progress.stop();
      const printed = { codes, states, ...result };
      if (flags.json === true) terminal.out.json(printed);
      else printReplay(terminal, printed, workflowChangeHint(project.record));
      context.setStatus(result.status);
    } finally {
      await engine.close();
    }
  } finally {
    progress.stop();
  }
}

/** The command that runs the worker with the code of the project. Rejects with a KnownError of status 2 if it is not installed or built. */
async function findWorker(
  { folder, record }: ProjectFiles,
  env: NodeJS.ProcessEnv,
): Promise<Extract<WorkerCommand, { kind: 'command' }>> {
  const command = await workerCommand(folder, record, env);
  switch (command.kind) {
    case 'command':
      return command;
    case 'not-installed':
      throw new KnownError({
        message: 'The dependencies are not installed',
        next: [`Install the dependencies: ${languageOf(record).commands(record.packageManager, record).install}`],
        status: 2,
      });
    case 'not-built':
      throw new KnownError({
        message: `The worker is not built: ${command.missing} does not exist`,
        next: [`Build it: ${command.build}`],
        status: 2,
      });
  }
}
