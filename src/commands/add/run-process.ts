import { resolve } from 'node:path';
import { usageError } from '../../base/errors.ts';
import { processAddition, projectTaskQueue, rejectOtherQueue, resumedProcess } from './process.ts';
import { shellWord } from '../../text/shell.ts';
import { withSchemaFile } from '../../process/definition/from-flags.ts';
import { openProject, type WorkerProject } from '../../project/edit/open-project.ts';
import { discoveryReporter } from '../create/view.ts';
import { openProgress } from '../../terminal/progress.ts';
import type { Prompts } from '../../terminal/prompts.ts';
import { askOf, runAddition, type AddFlags } from './run-addition.ts';
import { apiDiscovery } from '../create/discover.ts';
import type { CommandContext } from '../../cli/context.ts';
import {
  checkOptionsUsed,
  checkValues,
  definitionRequest,
  exampleType,
  missingAnswers,
  optionWords,
  parseProcessSource,
  switchWords,
} from '../create/call.ts';
import type { CreateFlags } from '../create/flags.ts';
import { resolveCreateConnection } from '../create/request.ts';
import type { ProcessFlags } from '../../cli/process-options.ts';
import type { ConnectionFlags } from '../../connection/flags.ts';

export async function runAddProcess(
  code: string | undefined,
  flags: AddProcessFlags,
  context: CommandContext,
): Promise<void> {
  const project = await openProject(context.cwd);
  const queue = await projectTaskQueue(project);
  if (flags.taskQueue !== undefined) rejectOtherQueue(queue, flags.taskQueue, '--task-queue');
  const ask = await askOf(flags, context);
  const words = ['process', ...(code === undefined ? [] : [code])];
  const goOn = isDescribed(flags) ? undefined : resumedProcess(project, code);
  if (goOn !== undefined) return runAddition({ project, addition: goOn, words, flags, context, ask });

  const answered = await answeredFlags(project, { code, flags, queue }, ask, context);
  const progress = openProgress(context.terminal.err);
  try {
    const connection =
      parseProcessSource(answered) === 'api'
        ? await resolveCreateConnection({ flags: answered }, { ...context, cwd: project.folder })
        : undefined;
    const addition = await processAddition(
      {
        definition: definitionRequest(withFilePaths(answered, flags, context.cwd, queue)),
        queue,
        isQueueGiven: flags.taskQueue !== undefined,
        ...(code === undefined ? {} : { code }),
      },
      {
        cwd: context.cwd,
        discover: apiDiscovery(connection, ask, context.interruption(), (wanted) =>
          [
            context.invocation,
            'add process',
            shellWord(wanted),
            '--task CODE[:KIND] --workflow-type',
            shellWord(answered.workflowType ?? 'TYPE'),
          ].join(' '),
        ),
        report: discoveryReporter(progress),
      },
    );
    progress.stop();
    const found = addition.kind === 'process' ? addition.definition.process.code : (code ?? '');
    await runAddition({ project, addition, words: ['process', found], flags, context, ask });
  } finally {
    progress.stop();
  }
}

function isDescribed(flags: AddProcessFlags): boolean {
  return [flags.definition, flags.task, flags.taskSchema, flags.metadataSchema, flags.workflowType].some(
    (value) => value !== undefined,
  );
}

/** The call as `create` would have it, every answer there. */
async function answeredFlags(
  project: WorkerProject,
  asked: { readonly code: string | undefined; readonly flags: AddProcessFlags; readonly queue: string },
  ask: Prompts | undefined,
  context: CommandContext,
): Promise<CreateFlags> {
  const { code, flags, queue } = asked;
  const inProject = (path: string | undefined): string | undefined =>
    path === undefined ? undefined : resolve(context.cwd, path);
  const secretFile = inProject(flags.clientSecretFile);
  const ca = inProject(flags.ca);
  let call: CreateFlags = {
    ...flags,
    taskQueue: queue,
    ...(code === undefined || flags.definition !== undefined ? {} : { process: code }),
    ...(secretFile === undefined ? {} : { clientSecretFile: secretFile }),
    ...(ca === undefined ? {} : { ca }),
    install: false,
    git: false,
    check: false,
  };
  checkValues(call);
  checkOptionsUsed(call, { writesConnection: false });
  const missing = (over: Partial<CreateFlags> = {}) =>
    missingAnswers({ folder: project.folder, flags: { ...call, ...over } }, { env: context.env, cwd: project.folder });
  if (ask !== undefined && missing().some(({ question }) => question === 'workflow-type')) {
    const answer = await ask.text({
      message: "Workflow type, as on the process definition's screen in KuFlow's app",
    });
    if (typeof answer === 'string') call = { ...call, workflowType: answer };
  }
  const left = missing();
  if (left.length === 0) return call;
  const example = code ?? freeCode(project);
  const isUnnamed = left.some(({ question }) => question === 'source' || question === 'process');
  const named = [
    ...(isUnnamed ? [{ question: 'process', why: 'the code of the process, or --definition FILE', add: '' }] : []),
    ...missing(isUnnamed ? { process: example } : {}).map((one) =>
      one.question === 'workflow-type' ? { ...one, add: `--workflow-type ${freeType(project, example)}` } : one,
    ),
  ];
  const words = [
    ...(code !== undefined || isUnnamed ? [shellWord(example)] : []),
    ...optionWords({ ...flags, ...(call.workflowType === undefined ? {} : { workflowType: call.workflowType }) }),
    ...named.map(({ add }) => add).filter((add) => add !== ''),
    ...(flags.edit ?? []).flatMap((path) => ['--edit', shellWord(path)]),
    ...(flags.yes === true ? ['--yes'] : []),
    ...switchWords(flags),
  ];
  throw usageError(`Answers are missing:\n${named.map(({ question, why }) => `  ${question}: ${why}`).join('\n')}`, [
    `for example: ${context.invocation} add process ${words.join(' ')}`,
  ]);
}

/** A code that no process of the project has, nor the workflow type that goes with it. */
function freeCode(project: WorkerProject): string {
  const taken = project.processes.flatMap(({ definition: { process, workflow } }) => [process.code, workflow.type]);
  return firstFree(
    (at) => `LEAVE${at}`,
    (code) => taken.includes(code) || taken.includes(exampleType(code)),
  );
}

function freeType(project: WorkerProject, code: string): string {
  const taken = project.processes.map(({ definition }) => definition.workflow.type);
  return firstFree(
    (at) => `${exampleType(code)}${at}`,
    (type) => taken.includes(type),
  );
}

function firstFree(name: (at: string) => string, isTaken: (name: string) => boolean): string {
  for (let at = 1; ; at++) {
    const found = name(at === 1 ? '' : String(at));
    if (!isTaken(found)) return found;
  }
}

/** With files relative to where the call was made, and a definition file's own queue left as it says unless one was given. */
function withFilePaths(call: CreateFlags, flags: AddProcessFlags, cwd: string, queue: string): CreateFlags {
  const fromFile = flags.definition !== undefined && flags.taskQueue === undefined;
  const { taskQueue, ...rest } = { ...call, taskQueue: queue };
  return {
    ...rest,
    ...(fromFile ? {} : { taskQueue }),
    ...(call.metadataSchema === undefined ? {} : { metadataSchema: resolve(cwd, call.metadataSchema) }),
    ...(call.taskSchema === undefined
      ? {}
      : {
          taskSchema: call.taskSchema.map((written) =>
            withSchemaFile(written, call.task ?? [], (file) => resolve(cwd, file)),
          ),
        }),
  };
}
export interface AddProcessFlags extends AddFlags, ConnectionFlags, ProcessFlags {
  readonly definition?: string;
  readonly workflowType?: string;
  readonly taskQueue?: string;
  readonly processId?: string;
  readonly sample?: number;
}
