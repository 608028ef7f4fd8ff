import { usageError } from '../../base/errors.ts';
import { escapeForTerminal } from '../../base/escape.ts';
import { shellWord } from '../../base/shell.ts';
import { projectTaskQueue, type WorkerProject } from '../../project/edit/open-project.ts';
import type { AdditionRequest } from '../../project/edit/plan-addition.ts';
import { openProgress } from '../../terminal/progress.ts';
import type { Prompts } from '../../terminal/prompts.ts';
import { openAddedProject, runAddition, type AddFlags } from './run-addition.ts';
import { connectionContext } from '../../cli/connection-options.ts';
import type { CommandContext } from '../../cli/context.ts';
import {
  chooseCredentials,
  exampleWorkflowType,
  missingAnswers,
  missingAnswersError,
  type MissingAnswer,
  type ProcessAnswers,
} from '../../cli/missing-answers.ts';
import {
  optionWords,
  parseProcessSource,
  processSource,
  rejectUnusedOptions,
  switchWords,
  validateProcessFlags,
  type ProcessFlags,
} from '../../cli/process-source-options.ts';
import { openPromptsIfAllowed } from '../../cli/prompts.ts';
import { detectCredentials } from '../../connection/detect-credentials.ts';
import type { ConnectionFlags } from '../../connection/flags.ts';
import { requireConnection, resolveConnection } from '../../connection/resolve-connection.ts';
import { askForSample } from '../../discovery/sampling.ts';
import { discoveryReporter } from '../../discovery/view.ts';
import { discoverFromApi } from '../../discovery/from-api.ts';
import type { DiscoveredProcess } from '../../discovery/types.ts';
import { loadProcess } from '../../discovery/load-process.ts';
import type { ProcessSpec } from '../../languages/project-spec.ts';

interface AddProcessFlags extends AddFlags, ConnectionFlags, ProcessFlags {}

export async function runAddProcess(
  code: string | undefined,
  flags: AddProcessFlags,
  context: CommandContext,
): Promise<void> {
  const project = await openAddedProject(flags, context);
  const queue = await projectTaskQueue(project);
  if (flags.taskQueue !== undefined) rejectOtherQueue(queue, flags.taskQueue, '--task-queue');
  const ask = await openPromptsIfAllowed(flags, context);
  const words = ['add', 'process', ...(code === undefined ? [] : [code])];
  // A process that the project already has is completed, if an earlier run did not.
  const known = project.processes.find(({ definition }) => definition.process.code === code);
  if (known !== undefined && !isDescribed(flags)) {
    const addition = { kind: 'resumed-process', process: known } as const;
    await runAddition({ project, addition, words, flags, context });
    return;
  }

  const answers = await readAnswers(project, { code, flags, queue }, ask, context);
  const progress = openProgress(context.terminal.err);
  try {
    // A definition file keeps its own queue unless an option gives one.
    const taskQueue = flags.definition === undefined ? answers.taskQueue : flags.taskQueue;
    const source = processSource(answers.source, { ...answers, taskQueue });
    let discovered: DiscoveredProcess | undefined;
    if (source.kind === 'api') {
      const settings = await resolveConnection(answers, connectionContext(context, project.folder));
      const connection = await requireConnection(settings);
      for (const warning of connection.warnings)
        context.terminal.err.line(`Warning: ${escapeForTerminal(warning, 1000)}`);
      const type = answers.workflowType === undefined ? '<name>' : shellWord(answers.workflowType);
      discovered = await discoverFromApi({
        rest: await connection.rest(),
        code: source.code,
        sample: await askForSample(source.sample, ask),
        describeCommand: `${context.invocation} add process ${shellWord(source.code)} --task <code[:kind]> --workflow-type ${type}`,
        report: discoveryReporter(progress),
        signal: context.interruption(),
      });
    }
    const process = await loadProcess(source, context.cwd, discovered);
    progress.stop();
    const addition = processAddition(process, { code, queue, isQueueGiven: flags.taskQueue !== undefined });
    const added = ['add', 'process', addition.definition.process.code];
    await runAddition({ project, addition, words: added, flags, context });
  } finally {
    progress.stop();
  }
}

function isDescribed(flags: AddProcessFlags): boolean {
  return [flags.definition, flags.task, flags.taskSchema, flags.metadataSchema, flags.workflowType].some(
    (value) => value !== undefined,
  );
}

type AddProcessAnswers = ProcessAnswers & ConnectionFlags & { readonly source: NonNullable<ProcessAnswers['source']> };

/** The answers that the options give; a missing workflow type is asked for. Rejects with a usage error that lists what is missing. */
async function readAnswers(
  project: WorkerProject,
  called: { readonly code: string | undefined; readonly flags: AddProcessFlags; readonly queue: string },
  ask: Prompts | undefined,
  context: CommandContext,
): Promise<AddProcessAnswers> {
  const { code, flags, queue } = called;
  const process = flags.definition === undefined ? code : undefined;
  validateProcessFlags(flags);
  const source = parseProcessSource({ ...flags, process });
  rejectUnusedOptions(source, flags, { writesConnection: false });
  let answers: ProcessAnswers & ConnectionFlags = {
    ...flags,
    folder: project.folder,
    source,
    process,
    taskQueue: queue,
  };
  const place = { env: context.env, cwd: project.folder };
  const missingOf = (given: ProcessAnswers): readonly MissingAnswer[] =>
    missingAnswers(given, chooseCredentials(given, detectCredentials(place)), context.env);
  if (ask !== undefined && missingOf(answers).some(({ question }) => question === 'workflow-type')) {
    const answer = await ask.text({
      message: 'Workflow type, as set in the process definition in the KuFlow app',
    });
    if (typeof answer === 'string') answers = { ...answers, workflowType: answer };
  }
  const missing = missingOf(answers);
  if (missing.length === 0 && source !== undefined) return { ...answers, source };
  const example = code ?? freeCode(project);
  const isUnnamed = missing.some(({ question }) => question === 'source' || question === 'process');
  // With a code, more may be missing: a process that nothing else describes is read from the API.
  const others = isUnnamed ? missingOf({ ...answers, process: example, source: source ?? 'api' }) : missing;
  const named = [
    ...(isUnnamed
      ? [{ question: 'source', why: 'its definition code, or --definition <file>', example: '' } as const]
      : []),
    ...others.map((one) =>
      one.question === 'workflow-type' ? { ...one, example: `--workflow-type ${freeType(project, example)}` } : one,
    ),
  ];
  const words = [
    ...(code !== undefined || isUnnamed ? [shellWord(example)] : []),
    ...optionWords({ ...flags, workflowType: answers.workflowType }),
    ...named.map((one) => one.example).filter((one) => one !== ''),
    ...(flags.edit ?? []).flatMap((path) => ['--edit', shellWord(path)]),
    ...(flags.yes === true ? ['--yes'] : []),
    ...switchWords(flags),
  ];
  throw missingAnswersError(named, `${context.invocation} add process ${words.join(' ')}`);
}

/** A code that is not taken in the project, and whose workflow type is not taken either. */
function freeCode(project: WorkerProject): string {
  const taken = project.processes.flatMap(({ definition: { process, workflow } }) => [process.code, workflow.type]);
  return firstFree(
    (at) => `LEAVE${at}`,
    (code) => taken.includes(code) || taken.includes(exampleWorkflowType(code)),
  );
}

function freeType(project: WorkerProject, code: string): string {
  const taken = project.processes.map(({ definition }) => definition.workflow.type);
  return firstFree(
    (at) => `${exampleWorkflowType(code)}${at}`,
    (type) => taken.includes(type),
  );
}

function firstFree(name: (at: string) => string, isTaken: (name: string) => boolean): string {
  for (let at = 1; ; at++) {
    const found = name(at === 1 ? '' : String(at));
    if (!isTaken(found)) return found;
  }
}

/** Throws a usage error for a queue that the worker of the project does not poll. `source`: where that queue is named. */
function rejectOtherQueue(queue: string, wanted: string, source: string): void {
  if (queue === wanted) return;
  throw usageError(`${source} ${wanted}: the worker of this project polls only the task queue ${queue}`, [
    `Set the task queue of the process in the KuFlow app to ${queue}, and omit --task-queue`,
    `Or create a separate worker for ${wanted}: npx create-kuflow-worker`,
  ]);
}

/** The addition of a further process that was loaded. If the call names a code, the process must have it. Throws a usage error. */
function processAddition(
  loaded: ProcessSpec,
  wanted: {
    readonly code: string | undefined;
    readonly queue: string;
    readonly isQueueGiven: boolean;
  },
): Extract<AdditionRequest, { kind: 'process' }> {
  const { code, queue, isQueueGiven } = wanted;
  const { definition } = loaded;
  const found = definition.process.code;
  if (code !== undefined && code !== found) {
    throw usageError(`The definition describes the process ${found}, not ${code}`, [
      `Omit ${code}, or pass the definition file of ${code}`,
    ]);
  }
  if (!isQueueGiven) rejectOtherQueue(queue, definition.workflow.taskQueue, `task-queue of ${found}`);
  const workflow = { ...definition.workflow, taskQueue: queue };
  const text = queue === definition.workflow.taskQueue ? loaded.text : undefined;
  return { ...loaded, kind: 'process', definition: { ...definition, workflow }, text };
}
