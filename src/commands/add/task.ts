import { usageError } from '../../base/errors.ts';
import { nearMatch } from '../../text/near-match.ts';
import { taskFromFlags } from '../../process/definition/from-flags.ts';
import type { OpenedProcess, WorkerProject } from '../../project/edit/open-project.ts';
import type { AdditionRequest } from '../../project/edit/addition.ts';

/** The options of `add task` that describe the task. */
export interface TaskFlags {
  /** Code of the process to add it to; optional if the project has only one. */
  readonly process?: string | undefined;
  readonly name?: string | undefined;
  /** File of a JSON Schema. */
  readonly schema?: string | undefined;
  /** Code of the task to insert it after. */
  readonly after?: string | undefined;
}

/** The addition of a task: `<code>` or `<code>:<kind>`. Files are relative to `cwd`. Rejects with a usage error. */
export async function taskAddition(
  project: WorkerProject,
  task: string,
  flags: TaskFlags,
  cwd: string,
): Promise<AdditionRequest> {
  const process = findProcess(project, flags.process);
  const known = process.definition.tasks.find(({ code }) => code === task);
  // A task that is already in the definition has its kind there.
  const written = known === undefined ? task : `${known.code}:${known.kind}`;
  const { code, kind, data } = await taskFromFlags({ written, schema: flags.schema }, cwd);
  return {
    kind: 'task',
    process,
    task: {
      code,
      kind,
      ...(flags.name === undefined ? {} : { name: flags.name }),
      ...(data === undefined ? {} : { data }),
    },
    after: flags.after,
  };
}

function findProcess(project: WorkerProject, code: string | undefined): OpenedProcess {
  const { processes } = project;
  const codes = processes.map(({ definition }) => definition.process.code);
  if (code === undefined && processes.length === 1) return processes[0];
  const found = processes.find(({ definition }) => definition.process.code === code);
  if (found !== undefined) return found;
  if (code === undefined)
    throw usageError('The project has several processes: choose one with --process', [
      `Processes: ${codes.join(', ')}`,
    ]);
  const near = nearMatch(code, codes);
  throw usageError(
    `--process ${code}: the project does not have this process${near === undefined ? '' : `. Did you mean ${near}?`}`,
    [`Processes: ${codes.join(', ')}`],
  );
}
