import { usageError } from '../../base/errors.ts';
import { nearMatch } from '../../text/near-match.ts';
import { taskFromFlags } from '../../process/definition/from-flags.ts';
import type { OpenedProcess, WorkerProject } from '../../project/edit/open-project.ts';
import type { AdditionRequest } from '../../project/edit/addition.ts';

export interface TaskFlags {
  /** `<code>` or `<code>:<kind>` */
  readonly task: string;
  /** Code of the process to add it to; optional if the project has only one. */
  readonly process?: string;
  readonly name?: string;
  /** File of a JSON Schema, relative to `cwd`. */
  readonly schema?: string;
  readonly cwd: string;
  readonly after?: string;
}

/** The addition of a task that options describe. Rejects with a usage error. */
export async function taskAddition(project: WorkerProject, flags: TaskFlags): Promise<AdditionRequest> {
  const process = findProcess(project, flags.process);
  const known = process.definition.tasks.find((task) => task.code === flags.task);
  // A task that is already in the definition has its kind there.
  const written = known === undefined ? flags.task : `${known.code}:${known.kind}`;
  const { code, kind, data } = await taskFromFlags(
    { written, ...(flags.schema === undefined ? {} : { schema: flags.schema }) },
    flags.cwd,
  );
  return {
    kind: 'task',
    process,
    task: {
      code,
      kind,
      ...(flags.name === undefined ? {} : { name: flags.name }),
      ...(data === undefined ? {} : { data }),
    },
    ...(flags.after === undefined ? {} : { after: flags.after }),
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
