import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { KnownError } from '../../../base/errors.ts';
import { expandHome } from '../../../base/user-folders.ts';
import { identifier } from '../../../text/identifiers.ts';
import { sampleQuestion } from '../../../discovery/ask-to-sample.ts';
import { BACK } from '../../../terminal/prompts.ts';
import type { ProcessSource } from '../call.ts';
import {
  settle,
  without,
  withFlags,
  withoutFlags,
  type Step,
  type StepResult,
  type Topic,
  type WizardState,
  type WizardContext,
} from './state.ts';

const SCREEN = "It must equal the field on the process definition's screen in KuFlow's app, section Workflow";
const OTHER = ' other';

/** Why a text is no code, queue or type. */
function nameProblem(text: string): string | undefined {
  if (text.length > 200) return 'It is longer than 200 characters';
  return /[\u0000-\u001f\u007f]/.test(text) ? 'It holds control characters' : undefined;
}

const codeOf = ({ flags, definition, source }: WizardState): string =>
  flags.process ?? definition?.process.code ?? (source === 'sample' ? 'LOAN' : 'PROCESS');

const listing: Step = {
  topic: 'listing',
  isOpen: (state) => state.source === 'api' && state.flags.process === undefined && state.listing === undefined,
  run: async (state, world, { canGoBack }) => {
    try {
      const found = await world.list(state);
      if (found.definitions.length > 0) return { kind: 'passed', state: { ...state, listing: found } };
      world.say.note(
        'KuFlow shows this application no process: either none was started yet, or it lacks a role in their definitions.',
      );
    } catch (error) {
      if (!(error instanceof KnownError) || error.status === 130) throw error;
      world.say.problem(error);
    }
    return wayOn(state, world, canGoBack, 'I describe the process by its tasks');
  },
};

/** What to do when KuFlow showed nothing: a process can always be described. */
async function wayOn(
  state: WizardState,
  world: WizardContext,
  canGoBack: boolean,
  describe: string,
): Promise<StepResult> {
  const answer = await world.ask.choose({
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
  return withoutFlags({ ...state, source: 'flags' }, ['sample', 'taskKind', 'taskOrder']);
}

const chosenProcess: Step = {
  topic: 'listed',
  isOpen: (state) => state.source === 'api' && state.flags.process === undefined,
  run: async (state, world, { canGoBack, before }) => {
    const definitions = state.listing?.definitions ?? [];
    const answer = await world.ask.search({
      message: 'Process (type to search)',
      canGoBack,
      ...(before === undefined ? {} : { fallback: before }),
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
      state: withFlags(state, { process: chosen.code, ...(twice ? { tenantId: chosen.tenant } : {}) }),
    };
  },
};

interface LineQuestion {
  readonly topic: Topic;
  readonly flag: 'process' | 'taskQueue' | 'workflowType';
  readonly of: readonly ProcessSource[];
  readonly message: string;
  readonly hint: string;
  readonly offer: (state: WizardState) => string | undefined;
}

/** A step whose answer is the value of one flag. */
function lineStep({ topic, flag, of, message, hint, offer }: LineQuestion): Step {
  return {
    topic,
    isOpen: (state) => state.source !== undefined && of.includes(state.source) && state.flags[flag] === undefined,
    run: async (state, world, { canGoBack, before }) => {
      const fallback = before ?? offer(state);
      const answer = await world.ask.text({
        message,
        hint,
        canGoBack,
        ...(fallback === undefined ? {} : { fallback }),
        validate: nameProblem,
      });
      return answer === BACK
        ? { kind: 'back' }
        : { kind: 'answered', answer, state: withFlags(state, { [flag]: answer }) };
    },
  };
}

const namedProcess = lineStep({
  topic: 'process',
  flag: 'process',
  of: ['flags'],
  message: 'Code of the process definition',
  hint: "As in KuFlow's app, for example LOAN",
  offer: () => undefined,
});

const sample: Step = {
  topic: 'sample',
  isOpen: (state) => state.source === 'api' && state.flags.sample === undefined && !state.settled.has('sample'),
  run: async (state, world, { canGoBack, before }) => {
    const { DEFAULT_SAMPLE } = await import('../../../discovery/discover.ts');
    const answer = await world.ask.confirm({
      message: sampleQuestion(DEFAULT_SAMPLE),
      canGoBack,
      fallback: before === 'yes',
    });
    if (answer === BACK) return { kind: 'back' };
    const settled = settle(state, 'sample');
    return {
      kind: 'answered',
      answer: answer ? 'yes' : 'no',
      state: answer ? withFlags(settled, { sample: DEFAULT_SAMPLE }) : settled,
    };
  },
};

const discovery: Step = {
  topic: 'discovery',
  isOpen: (state) => state.source === 'api' && state.discovered === undefined,
  run: async (state, world, { canGoBack }) => {
    try {
      const discovered = await world.discover(state, codeOf(state));
      return { kind: 'passed', state: { ...state, discovered } };
    } catch (error) {
      if (!(error instanceof KnownError) || error.status === 130) throw error;
      world.say.problem(error);
    }
    return wayOn(state, world, canGoBack, `I describe ${codeOf(state)} by its tasks`);
  },
};

const taskCode: Step = {
  topic: 'task',
  isOpen: (state, { given }) => state.source === 'flags' && !given.has('task') && !state.settled.has('task'),
  run: async (state, world, { canGoBack }) => {
    const codes = (state.flags.task ?? []).map((task) => task.slice(0, task.lastIndexOf(':')));
    const answer = await world.ask.text({
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
  run: async (state, world, { canGoBack }) => {
    const task = state.task ?? '';
    const answer = await world.ask.choose({ message: `Who does ${task}?`, canGoBack, choices: KINDS });
    if (answer === BACK) return { kind: 'back' };
    const described = withFlags(without(state, ['task']), { task: [...(state.flags.task ?? []), `${task}:${answer}`] });
    return { kind: 'answered', state: answer === 'thread' ? described : { ...described, shapeOf: task } };
  },
};

const taskSchema: Step = {
  topic: 'task-schema',
  isOpen: (state) => state.shapeOf !== undefined,
  run: async (state, world, { canGoBack }) => {
    const code = state.shapeOf ?? '';
    const fileOf = (text: string): string => resolve(world.cwd, expandHome(text, world.env));
    const answer = await world.ask.text({
      message: `JSON Schema file of the data of ${code}, or Enter for none`,
      hint: "The schema of its form, as KuFlow's app shows it; types are made of it",
      optional: true,
      canGoBack,
      validate: (text) => (text === '' || existsSync(fileOf(text)) ? undefined : 'There is no such file'),
      validateAsync: (text) => (text === '' ? Promise.resolve(undefined) : world.schemaProblem(fileOf(text))),
    });
    if (answer === BACK) return { kind: 'back' };
    const next = without(state, ['shapeOf']);
    const schemas = [...(state.flags.taskSchema ?? []), `${code}=${expandHome(answer, world.env)}`];
    return { kind: 'answered', state: answer === '' ? next : withFlags(next, { taskSchema: schemas }) };
  },
};

// What KuFlow already runs has a queue and a type that only its app shows; a guess would be taken without a look.
const forNew =
  (made: (code: string) => string) =>
  (state: WizardState): string | undefined =>
    state.source === 'flags' ? made(codeOf(state)) : undefined;

const taskQueue = lineStep({
  topic: 'task-queue',
  flag: 'taskQueue',
  of: ['api', 'flags'],
  message: 'Task queue',
  hint: SCREEN,
  offer: forNew((code) => `${code.toUpperCase().replace(/[^A-Z0-9]+/g, '_')}_QUEUE`),
});

const workflowType = lineStep({
  topic: 'workflow-type',
  flag: 'workflowType',
  of: ['api', 'flags'],
  message: 'Workflow type',
  hint: SCREEN,
  offer: forNew((code) => `${identifier(code, 'pascal', new Set())}Workflow`),
});

/** Code of the process that was chosen, for names made of it. */
export function processCode(state: WizardState): string {
  return codeOf(state);
}

/** Which process it is, and what it is made of; `review` stands in a file of its own. */
export const processSteps = {
  before: [listing, chosenProcess, namedProcess, sample, discovery] as readonly Step[],
  after: [taskKind, taskSchema, taskCode, taskQueue, workflowType] as readonly Step[],
};
