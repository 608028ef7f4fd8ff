import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { KnownError } from '../../../base/errors.ts';
import { expandHome } from '../../../base/user-folders.ts';
import { identifier } from '../../../text/identifiers.ts';
import type { MissingAnswer } from '../../../cli/missing-answers.ts';
import { samplingQuestion } from '../../../discovery/confirm-sampling.ts';
import { BACK } from '../../../terminal/prompts.ts';
import {
  settle,
  withAnswers,
  type Step,
  type StepResult,
  type Topic,
  type WizardContext,
  type WizardState,
} from './state.ts';

const SCREEN = "It must equal the field on the process definition's screen in KuFlow's app, section Workflow";
const OTHER = ' other';

/** Why a text is no code, queue or type. */
function nameProblem(text: string): string | undefined {
  if (text.length > 200) return 'It is longer than 200 characters';
  return /[\u0000-\u001f\u007f]/.test(text) ? 'It holds control characters' : undefined;
}

/** Code of the process that was chosen, for names made of it. */
export function processCode({ answers, definition }: WizardState): string {
  return answers.process ?? definition?.process.code ?? (answers.source === 'sample' ? 'LOAN' : 'PROCESS');
}

const listing: Step = {
  topic: 'listing',
  isOpen: (state) =>
    state.answers.source === 'api' && state.answers.process === undefined && state.listing === undefined,
  run: async (state, context, { canGoBack }) => {
    try {
      const found = await context.list(state.answers);
      if (found.definitions.length > 0) return { kind: 'passed', state: { ...state, listing: found } };
      context.say.note(
        'KuFlow shows this application no process: either none was started yet, or it lacks a role in their definitions.',
      );
    } catch (error) {
      if (!(error instanceof KnownError) || error.status === 130) throw error;
      context.say.problem(error);
    }
    return wayOn(state, context, canGoBack, 'I describe the process by its tasks');
  },
};

/** What to do when KuFlow showed nothing: a process can always be described. */
async function wayOn(
  state: WizardState,
  context: WizardContext,
  canGoBack: boolean,
  describe: string,
): Promise<StepResult> {
  const answer = await context.ask.choose({
    message: 'How to go on?',
    canGoBack,
    choices: [
      { value: 'describe', name: describe },
      { value: 'again', name: 'Try again' },
    ],
  });
  if (answer === BACK) return { kind: 'back' };
  if (answer === 'again') return { kind: 'passed', state };
  return { kind: 'answered', state: describeInstead(state) };
}

/** What was said of tasks that are read has no place beside tasks that are described. */
export function describeInstead(state: WizardState): WizardState {
  return withAnswers(state, { source: 'flags', sample: undefined, taskKind: undefined, taskOrder: undefined });
}

const chosenProcess: Step = {
  topic: 'listed',
  isOpen: (state) => state.answers.source === 'api' && state.answers.process === undefined,
  run: async (state, context, { canGoBack, before }) => {
    const definitions = state.listing?.definitions ?? [];
    const answer = await context.ask.search({
      message: 'Process (type to search)',
      canGoBack,
      fallback: before,
      choices: [
        ...definitions.map(({ code, id, tenant, seen }) => ({
          value: id,
          name: definitions.some((other) => other.code === code && other.id !== id)
            ? `${code} (tenant ${tenant})`
            : code,
          description: `${seen} ${seen === 1 ? 'process' : 'processes'} seen`,
        })),
        {
          value: OTHER,
          name: 'Another one, which I describe',
          description: 'A process that was never started is not in the list',
        },
      ],
    });
    if (answer === BACK) return { kind: 'back' };
    if (answer === OTHER) return { kind: 'answered', answer, state: describeInstead(state) };
    const chosen = definitions.find(({ id }) => id === answer);
    if (chosen === undefined) throw new Error('The answer is none of the choices');
    const twice = definitions.filter(({ code }) => code === chosen.code).length > 1;
    return {
      kind: 'answered',
      answer,
      state: withAnswers(state, { process: chosen.code, tenantId: twice ? chosen.tenant : state.answers.tenantId }),
    };
  },
};

interface LineQuestion {
  readonly topic: Topic & MissingAnswer['question'];
  readonly flag: 'process' | 'taskQueue' | 'workflowType';
  readonly message: string;
  readonly hint: string;
  readonly offer: (state: WizardState) => string | undefined;
}

/** A step whose answer is the value of one flag. */
function lineStep({ topic, flag, message, hint, offer }: LineQuestion): Step {
  return {
    topic,
    isOpen: (_, { missing }) => missing.has(topic),
    run: async (state, context, { canGoBack, before }) => {
      const fallback = before ?? offer(state);
      const answer = await context.ask.text({
        message,
        hint,
        canGoBack,
        fallback,
        validate: nameProblem,
      });
      return answer === BACK
        ? { kind: 'back' }
        : { kind: 'answered', answer, state: withAnswers(state, { [flag]: answer }) };
    },
  };
}

const namedProcess = lineStep({
  topic: 'process',
  flag: 'process',
  message: 'Code of the process definition',
  hint: "As in KuFlow's app, for example LOAN",
  offer: () => undefined,
});

const sample: Step = {
  topic: 'sample',
  isOpen: (state) =>
    state.answers.source === 'api' && state.answers.sample === undefined && !state.settled.has('sample'),
  run: async (state, context, { canGoBack, before }) => {
    const { DEFAULT_SAMPLE } = await import('../../../discovery/discover.ts');
    const answer = await context.ask.confirm({
      message: samplingQuestion(DEFAULT_SAMPLE),
      canGoBack,
      fallback: before === 'yes',
    });
    if (answer === BACK) return { kind: 'back' };
    const settled = settle(state, 'sample');
    return {
      kind: 'answered',
      answer: answer ? 'yes' : 'no',
      state: answer ? withAnswers(settled, { sample: DEFAULT_SAMPLE }) : settled,
    };
  },
};

const discovery: Step = {
  topic: 'discovery',
  isOpen: (state) => state.answers.source === 'api' && state.answers.discovered === undefined,
  run: async (state, context, { canGoBack }) => {
    try {
      const discovered = await context.discover(state.answers, processCode(state));
      return { kind: 'passed', state: withAnswers(state, { discovered }) };
    } catch (error) {
      if (!(error instanceof KnownError) || error.status === 130) throw error;
      context.say.problem(error);
    }
    return wayOn(state, context, canGoBack, `I describe ${processCode(state)} by its tasks`);
  },
};

const taskCode: Step = {
  topic: 'task',
  isOpen: (state) => state.answers.source === 'flags' && !state.settled.has('task'),
  run: async (state, context, { canGoBack }) => {
    const codes = (state.answers.task ?? []).map((task) => task.slice(0, task.lastIndexOf(':')));
    const answer = await context.ask.text({
      message:
        codes.length === 0
          ? 'Code of its first task'
          : `Code of task ${codes.length + 1}, or Enter when there are no more`,
      hint: codes.length === 0 ? 'In the order of the work, for example APPROVE' : `So far: ${codes.join(', ')}`,
      optional: codes.length > 0,
      canGoBack,
      validate: (text) => (codes.includes(text) ? `There is a task ${text} already` : nameProblem(text)),
    });
    if (answer === BACK) return { kind: 'back' };
    return { kind: 'answered', state: answer === '' ? settle(state, 'task') : { ...state, task: answer } };
  },
};

export const KINDS = [
  { value: 'human', name: 'human', description: 'People do it: the worker waits until it is completed' },
  { value: 'system', name: 'system', description: 'The worker does it by itself' },
  { value: 'message', name: 'message', description: 'Something to read: the worker does not wait' },
  { value: 'thread', name: 'thread', description: 'A place to talk: the worker does not wait' },
] as const;

const taskKind: Step = {
  topic: 'task-kind',
  isOpen: (state) => state.task !== undefined,
  run: async (state, context, { canGoBack }) => {
    const task = state.task ?? '';
    const answer = await context.ask.choose({ message: `Who does ${task}?`, canGoBack, choices: KINDS });
    if (answer === BACK) return { kind: 'back' };
    const described = withAnswers(
      { ...state, task: undefined },
      { task: [...(state.answers.task ?? []), `${task}:${answer}`] },
    );
    return { kind: 'answered', state: answer === 'thread' ? described : { ...described, shapeOf: task } };
  },
};

const taskSchema: Step = {
  topic: 'task-schema',
  isOpen: (state) => state.shapeOf !== undefined,
  run: async (state, context, { canGoBack }) => {
    const code = state.shapeOf ?? '';
    const fileOf = (text: string): string => resolve(context.cwd, expandHome(text, context.env));
    const answer = await context.ask.text({
      message: `JSON Schema file of the data of ${code}, or Enter for none`,
      hint: "The schema of its form, as KuFlow's app shows it; types are made of it",
      optional: true,
      canGoBack,
      validate: (text) => (text === '' || existsSync(fileOf(text)) ? undefined : 'There is no such file'),
      validateAsync: (text) => (text === '' ? Promise.resolve(undefined) : context.schemaProblem(fileOf(text))),
    });
    if (answer === BACK) return { kind: 'back' };
    const next = { ...state, shapeOf: undefined };
    const schemas = [...(state.answers.taskSchema ?? []), `${code}=${expandHome(answer, context.env)}`];
    return { kind: 'answered', state: answer === '' ? next : withAnswers(next, { taskSchema: schemas }) };
  },
};

// What KuFlow already runs has a queue and a type that only its app shows; a guess would be taken without a look.
const forNew =
  (made: (code: string) => string) =>
  (state: WizardState): string | undefined =>
    state.answers.source === 'flags' ? made(processCode(state)) : undefined;

const taskQueue = lineStep({
  topic: 'task-queue',
  flag: 'taskQueue',
  message: 'Task queue',
  hint: SCREEN,
  offer: forNew((code) => `${code.toUpperCase().replace(/[^A-Z0-9]+/g, '_')}_QUEUE`),
});

const workflowType = lineStep({
  topic: 'workflow-type',
  flag: 'workflowType',
  message: 'Workflow type',
  hint: SCREEN,
  offer: forNew((code) => `${identifier(code, 'pascal', new Set())}Workflow`),
});

/** Which process it is, and what it is made of; `review` stands in a file of its own. */
export const processSteps = {
  before: [listing, chosenProcess, namedProcess, sample, discovery] as readonly Step[],
  after: [taskKind, taskSchema, taskCode, taskQueue, workflowType] as readonly Step[],
};
