import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { countOf } from '../../../base/count-of.ts';
import { knownErrorOf } from '../../../base/errors.ts';
import { expandHome } from '../../../base/user-folders.ts';
import { requireWorkflow, type WorkerDefinition } from '../../../process/definition.ts';
import type { WorkerSample } from '../../../process/worker-sample/read.ts';
import type { SourceKind } from '../../../cli/process-source-options.ts';
import { detectedText } from './credential-steps.ts';
import { settle, withAnswers, type Step, type WizardContext, type WizardState } from './state.ts';

const DEFINITION_FILE = 'kuflow.process.yaml';
const SAMPLE_FILE = 'worker-sample.zip';

const source: Step = {
  topic: 'source',
  isOpen: (_, { missing }) => missing.has('source'),
  run: async (state, context, { ask, before, credentials }) => {
    const here = existsSync(resolve(context.cwd, DEFINITION_FILE));
    // Someone who passes credentials wants them used, which the sample does not do.
    const named = credentials.kind === 'given';
    const answer = await ask.choose<SourceKind>({
      message: 'Which process is the worker for?',
      fallback: (before ?? (here ? 'file' : named ? 'api' : 'sample')) as SourceKind,
      choices: [
        ...(named
          ? []
          : [
              {
                value: 'sample',
                name: 'A sample process',
                description: 'Runs on the local KuFlow; needs no account',
              } as const,
            ]),
        { value: 'api', name: 'A process in KuFlow', description: 'Its tasks are read from the API' },
        {
          value: 'flags',
          name: 'A process that I describe now',
          description: 'You enter the codes and kinds of its tasks',
        },
        {
          value: 'file',
          name: 'A process described in a file',
          description: `${DEFINITION_FILE}: tasks and JSON Schemas for their data`,
        },
        {
          value: 'worker-sample',
          name: 'The process in a worker sample from the KuFlow app',
          description: `${SAMPLE_FILE}: task queue, workflow type and tasks`,
        },
      ],
    });
    const local = answer === 'sample' ? true : state.answers.local;
    return withAnswers(state, { source: answer, local });
  },
};

const withDefinition = (state: WizardState, context: WizardContext, definition: WorkerDefinition): WizardState => {
  const { process, tasks } = definition;
  context.say.done(`${process.code}: ${countOf(tasks.length, 'task')}`);
  return { ...state, definition };
};

async function loadDefinition(path: string): Promise<WorkerDefinition> {
  return requireWorkflow(await (await import('../../../process/definition/file.ts')).loadDefinition(path));
}

const file: Step = {
  topic: 'file',
  isOpen: (state) => state.answers.source === 'file' && state.definition === undefined,
  run: async (state, context, { ask, before }) => {
    const given = state.answers.definition;
    if (given !== undefined) {
      // It was named on the command line, so its mistakes are fixed there: they end the wizard.
      return withDefinition(state, context, await loadDefinition(resolve(context.cwd, given)));
    }
    let definition: WizardState['definition'];
    const fileOf = (text: string): string => resolve(context.cwd, expandHome(text, context.env));
    const answer = await ask.text({
      message: 'Definition file',
      fallback: before ?? DEFINITION_FILE,
      validate: (text) => (existsSync(fileOf(text)) ? undefined : 'The file does not exist'),
      validateAsync: async (text) =>
        (await knownErrorOf(async () => (definition = await loadDefinition(fileOf(text)))))?.message,
    });
    if (definition === undefined) throw new Error('the file was accepted without being read');
    return withAnswers(withDefinition(state, context, definition), { definition: expandHome(answer, context.env) });
  },
};

const workerSample: Step = {
  topic: 'worker-sample',
  isOpen: ({ answers }) => answers.source === 'worker-sample' && answers.workerSample === undefined,
  run: async (state, context, { ask, before }) => {
    const { readWorkerSample } = await import('../../../process/worker-sample/read.ts');
    let read: WorkerSample | undefined;
    const fileOf = (text: string): string => resolve(context.cwd, expandHome(text, context.env));
    const answer = await ask.text({
      message: 'Worker sample (zip archive or unpacked folder)',
      fallback: before ?? SAMPLE_FILE,
      validate: (text) => (existsSync(fileOf(text)) ? undefined : 'The file does not exist'),
      validateAsync: async (text) => {
        const failure = await knownErrorOf(async () => (read = await readWorkerSample(fileOf(text))));
        return failure && [failure.message, failure.seen ?? ''].filter(Boolean).join(': ');
      },
    });
    if (read === undefined) throw new Error('the sample was accepted without being read');
    const { tasks, taskQueue, workflowType } = read;
    context.say.done(
      [
        countOf(tasks.length, 'task'),
        ...(taskQueue.kind === 'found' ? [`task queue ${taskQueue.value}`] : []),
        ...(workflowType.kind === 'found' ? [`workflow type ${workflowType.value}`] : []),
      ].join(', '),
    );
    return withAnswers(state, { from: expandHome(answer, context.env), workerSample: read });
  },
};

const account: Step = {
  topic: 'account',
  isOpen: ({ answers, settled }, { credentials }) =>
    (answers.source === 'file' || answers.source === 'flags' || answers.source === 'worker-sample') &&
    answers.local !== true &&
    credentials.kind === 'not-needed' &&
    !settled.has('credentials'),
  run: async (state, context, { ask, before }) => {
    const detected = context.detected();
    const answer = await ask.choose<'local' | 'account' | 'later'>({
      message: 'Where will the worker run first?',
      fallback: (before ?? 'local') as 'local',
      choices: [
        {
          value: 'local',
          name: 'On the local KuFlow',
          description: 'Needs no account; you can connect it to KuFlow later',
        },
        {
          value: 'account',
          name: 'On KuFlow, as an application',
          description:
            detected === undefined
              ? 'You enter its client ID and secret next'
              : `Uses the client ID and secret of ${detectedText(detected)}`,
        },
        { value: 'later', name: 'On KuFlow, with credentials that I add later' },
      ],
    });
    if (answer === 'account') return withAnswers(state, { connect: true });
    const settled = settle(state, 'credentials');
    return answer === 'local' ? withAnswers(settled, { local: true }) : settled;
  },
};

export const sourceSteps: readonly Step[] = [source, file, workerSample, account];
