import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { countOf } from '../../../base/count-of.ts';
import { knownErrorOf } from '../../../base/errors.ts';
import { expandHome } from '../../../base/user-folders.ts';
import { exampleWorkflowType, type MissingAnswer } from '../../../cli/missing-answers.ts';
import type { RestConnection } from '../../../connection/resolve-connection.ts';
import { discoverFromApi, listFromApi } from '../../../discovery/from-api.ts';
import { sampleTaskDefinitions } from '../../../discovery/load-process.ts';
import { DEFAULT_SAMPLE, SAMPLING_QUESTION } from '../../../discovery/sampling.ts';
import { discoveryLineReporter } from '../../../discovery/view.ts';
import type { WorkerDefinition } from '../../../process/definition.ts';
import { applyTaskChanges, definitionFromFlags } from '../../../process/definition/from-flags.ts';
import { BACK, type Prompts } from '../../../terminal/prompts.ts';
import type { CreateAnswers } from '../answers.ts';
import { settle, withAnswers, type Step, type Topic, type WizardContext, type WizardState } from './state.ts';

const APP_HINT = 'Exactly as set in the process definition in the KuFlow app, section Workflow';
const OTHER = ' other';

/** Why a text cannot be a code, a task queue or a workflow type. */
function nameProblem(text: string): string | undefined {
  if (text.length > 200) return 'It must not be longer than 200 characters';
  return /[\u0000-\u001f\u007f]/.test(text) ? 'It must not contain control characters' : undefined;
}

/** Code of the process that was chosen, for names made of it. */
export function processCode({ answers, definition }: WizardState): string {
  return answers.process ?? definition?.process.code ?? (answers.source === 'sample' ? 'LOAN' : 'PROCESS');
}

const listing: Step = {
  topic: 'listing',
  isOpen: (state) =>
    state.answers.source === 'api' && state.answers.process === undefined && state.listing === undefined,
  run: async (state, context, { ask }) => {
    let found: WizardState['listing'];
    const failure = await knownErrorOf(async () => {
      const rest = await openRest(state.answers, context);
      found = await context.say.working('Listing processes…', () => listFromApi(rest, undefined, context.signal));
    });
    if (failure !== undefined) context.say.problem(failure);
    else if (found !== undefined && found.definitions.length > 0) return { ...state, listing: found };
    else
      context.say.note(
        'The application sees no processes: either none was started yet, or it has no role in the process definitions.',
      );
    return await askAfterFailure(state, ask, 'Describe the process by its tasks');
  },
};

async function openRest(answers: CreateAnswers, { connections }: WizardContext): Promise<RestConnection> {
  const rest = await (await connections.connect(answers)).rest();
  return { ...rest, tenantId: answers.tenantId ?? rest.tenantId };
}

/** What to do when KuFlow shows nothing: a process can always be described. */
async function askAfterFailure(
  state: WizardState,
  ask: Pick<Prompts, 'choose'>,
  describe: string,
): Promise<WizardState> {
  const answer = await ask.choose({
    message: 'What would you like to do?',
    choices: [
      { value: 'describe', name: describe },
      { value: 'again', name: 'Try again' },
    ],
  });
  return answer === 'again' ? state : describeInstead(state);
}

/** Switches to a described process. Answers about tasks that are read do not apply to it. */
export function describeInstead(state: WizardState): WizardState {
  return withAnswers(state, { source: 'flags', sample: undefined, taskKind: undefined, taskOrder: undefined });
}

const chosenProcess: Step = {
  topic: 'listed',
  isOpen: (state) => state.answers.source === 'api' && state.answers.process === undefined,
  run: async (state, _context, { ask, before }) => {
    const definitions = state.listing?.definitions ?? [];
    const answer = await ask.search({
      message: 'Process (type to search)',
      fallback: before,
      choices: [
        ...definitions.map(({ code, id, tenant, seen }) => ({
          value: id,
          name: definitions.some((other) => other.code === code && other.id !== id)
            ? `${code} (tenant ${tenant})`
            : code,
          description: `${countOf(seen, 'process', 'processes')} seen`,
        })),
        {
          value: OTHER,
          name: 'Another process, which I describe',
          description: 'A process that was never started is not in the list',
        },
      ],
    });
    if (answer === OTHER) return describeInstead(state);
    const chosen = definitions.find(({ id }) => id === answer);
    if (chosen === undefined) throw new Error('The answer is not one of the choices');
    const twice = definitions.filter(({ code }) => code === chosen.code).length > 1;
    return withAnswers(state, { process: chosen.code, tenantId: twice ? chosen.tenant : state.answers.tenantId });
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
    run: async (state, _context, { ask, before }) => {
      const fallback = before ?? offer(state);
      const answer = await ask.text({ message, hint, fallback, validate: nameProblem });
      return withAnswers(state, { [flag]: answer });
    },
  };
}

const namedProcess = lineStep({
  topic: 'process',
  flag: 'process',
  message: 'Process definition code',
  hint: 'As in the KuFlow app, for example LOAN',
  offer: () => undefined,
});

const sample: Step = {
  topic: 'sample',
  isOpen: (state) =>
    state.answers.source === 'api' && state.answers.sample === undefined && !state.settled.has('sample'),
  run: async (state, _context, { ask, before }) => {
    const isWanted = await ask.confirm({ message: SAMPLING_QUESTION, fallback: before === 'true' });
    const settled = settle(state, 'sample');
    return isWanted ? withAnswers(settled, { sample: DEFAULT_SAMPLE }) : settled;
  },
};

const discovery: Step = {
  topic: 'discovery',
  isOpen: (state) => state.answers.source === 'api' && state.answers.discovered === undefined,
  run: async (state, context, { ask }) => {
    let read = state;
    const failure = await knownErrorOf(async () => {
      const { answers } = state;
      const discovered = await discoverFromApi({
        rest: await openRest(answers, context),
        code: processCode(state),
        sample: answers.sample ?? 0,
        report: discoveryLineReporter(context.terminal),
        signal: context.signal,
      });
      read = withAnswers(state, { discovered });
    });
    if (failure === undefined) return read;
    context.say.problem(failure);
    return await askAfterFailure(state, ask, `Describe ${processCode(state)} by its tasks`);
  },
};

const taskCode: Step = {
  topic: 'task',
  isOpen: (state) => state.answers.source === 'flags' && !state.settled.has('task'),
  run: async (state, _context, { ask }) => {
    const codes = (state.answers.task ?? []).map((task) => task.slice(0, task.lastIndexOf(':')));
    const answer = await ask.text({
      message: codes.length === 0 ? 'Code of the first task' : `Code of task ${codes.length + 1}, or Enter to finish`,
      hint:
        codes.length === 0
          ? 'Enter the tasks in their usual order; for example APPROVE'
          : `So far: ${codes.join(', ')}`,
      optional: codes.length > 0,
      validate: (text) => (codes.includes(text) ? `Task ${text} already exists` : nameProblem(text)),
    });
    return answer === '' ? settle(state, 'task') : { ...state, task: answer };
  },
};

const KINDS = [
  { value: 'human', name: 'human', description: 'A person completes it, and the worker waits' },
  { value: 'system', name: 'system', description: 'The worker completes it' },
  { value: 'message', name: 'message', description: 'A message to read; the worker does not wait' },
  { value: 'thread', name: 'thread', description: 'A conversation; the worker does not wait' },
] as const;

const taskKind: Step = {
  topic: 'task-kind',
  isOpen: (state) => state.task !== undefined,
  run: async (state, _context, { ask }) => {
    const task = state.task ?? '';
    const answer = await ask.choose({ message: `What kind of task is ${task}?`, choices: KINDS });
    const described = withAnswers(
      { ...state, task: undefined },
      { task: [...(state.answers.task ?? []), `${task}:${answer}`] },
    );
    return answer === 'thread' ? described : { ...described, shapeOf: task };
  },
};

const taskSchema: Step = {
  topic: 'task-schema',
  isOpen: (state) => state.shapeOf !== undefined,
  run: async (state, context, { ask }) => {
    const code = state.shapeOf ?? '';
    const fileOf = (text: string): string => resolve(context.cwd, expandHome(text, context.env));
    const answer = await ask.text({
      message: `JSON Schema file for the data of ${code}, or Enter to skip`,
      hint: 'The schema of its form, as shown in the KuFlow app; types are generated from it',
      optional: true,
      validate: (text) => (text === '' || existsSync(fileOf(text)) ? undefined : 'The file does not exist'),
      validateAsync: (text) => (text === '' ? Promise.resolve(undefined) : schemaProblem(fileOf(text))),
    });
    const next = { ...state, shapeOf: undefined };
    const schemas = [...(state.answers.taskSchema ?? []), `${code}=${expandHome(answer, context.env)}`];
    return answer === '' ? next : withAnswers(next, { taskSchema: schemas });
  },
};

/** Why the file has no usable JSON Schema. */
async function schemaProblem(file: string): Promise<string | undefined> {
  const flags = { code: 'P', taskQueue: 'Q', workflowType: 'W', tasks: ['T'], taskSchemas: [`T=${file}`] };
  const failure = await knownErrorOf(() => definitionFromFlags(flags));
  const [first, ...others] = failure?.message.split('\n') ?? [];
  return (others.length === 0 ? first : others.join(' '))?.trim();
}

// A process that KuFlow already runs has a queue and a type that only its app shows: a guess would be accepted without checking.
const forNew =
  (made: (code: string) => string) =>
  (state: WizardState): string | undefined =>
    state.answers.source === 'flags' ? made(processCode(state)) : undefined;

const taskQueue = lineStep({
  topic: 'task-queue',
  flag: 'taskQueue',
  message: 'Task queue',
  hint: APP_HINT,
  offer: forNew((code) => `${code.toUpperCase().replace(/[^A-Z0-9]+/g, '_')}_QUEUE`),
});

const workflowType = lineStep({
  topic: 'workflow-type',
  flag: 'workflowType',
  message: 'Workflow type',
  hint: APP_HINT,
  offer: forNew(exampleWorkflowType),
});

/** The process that was read from the API or a worker sample, with the changes of the answers so far. `notes`: what may be wrong in it. */
function reviewedProcess(answers: CreateAnswers) {
  const { source, discovered, workerSample } = answers;
  const read =
    source === 'api'
      ? discovered
      : source === 'worker-sample' && workerSample !== undefined && answers.process !== undefined
        ? {
            definition: { process: { code: answers.process }, tasks: sampleTaskDefinitions(workerSample) },
            notes: workerSample.notes,
          }
        : undefined;
  if (read === undefined) return undefined;
  const workflow = { type: answers.workflowType ?? '?', taskQueue: answers.taskQueue ?? '?' };
  const changes = { kinds: answers.taskKind ?? [], order: answers.taskOrder };
  return { definition: applyTaskChanges({ ...read.definition, workflow }, changes), notes: read.notes };
}

/** Kinds and order of tasks are inferred from instances or code, so somebody who knows the process confirms them. */
const review: Step = {
  topic: 'review',
  isOpen: (state) => !state.settled.has('review') && reviewedProcess(state.answers) !== undefined,
  run: async (state, context, { ask }) => {
    const read = reviewedProcess(state.answers);
    if (read === undefined) throw new Error('nothing was read');
    const { definition, notes } = read;
    context.say.process(definition, notes);
    if (definition.tasks.length === 0) return settle(state, 'review');
    const answer = await ask.choose({
      message: 'Are the tasks, their kinds and their order correct?',
      choices: [
        { value: 'good', name: 'Yes' },
        { value: 'kind', name: 'Change the kind of a task' },
        ...(definition.tasks.length > 1 ? [{ value: 'order', name: 'Change the order' } as const] : []),
      ],
    });
    switch (answer) {
      case 'good':
        return settle(state, 'review');
      case 'kind':
        return await changeKind(state, definition, context);
      case 'order':
        return await changeOrder(state, definition, context);
    }
  },
};

async function changeKind(
  state: WizardState,
  { tasks }: WorkerDefinition,
  { ask }: WizardContext,
): Promise<WizardState> {
  const code = await ask.search({
    message: 'Which task?',
    canGoBack: true,
    choices: tasks.map((task) => ({ value: task.code, name: `${task.code} (${task.kind})` })),
  });
  if (code === BACK) return state;
  const kind = await ask.choose({ message: `Kind of ${code}`, canGoBack: true, choices: KINDS });
  if (kind === BACK) return state;
  const others = (state.answers.taskKind ?? []).filter((one) => !one.startsWith(`${code}=`));
  return withAnswers(state, { taskKind: [...others, `${code}=${kind}`] });
}

async function changeOrder(
  state: WizardState,
  { tasks }: WorkerDefinition,
  { ask }: WizardContext,
): Promise<WizardState> {
  const codes = tasks.map(({ code }) => code);
  const order: string[] = [];
  while (order.length < codes.length - 1) {
    const left = codes.filter((code) => !order.includes(code));
    const next = await ask.choose({
      message: order.length === 0 ? 'Which task comes first?' : `Which task comes after ${order.at(-1) ?? ''}?`,
      canGoBack: true,
      choices: left.map((code) => ({ value: code, name: code })),
    });
    if (next !== BACK) order.push(next);
    else if (order.pop() === undefined) return state;
  }
  order.push(...codes.filter((code) => !order.includes(code)));
  return withAnswers(state, { taskOrder: order });
}

export const processSteps: readonly Step[] = [
  listing,
  chosenProcess,
  namedProcess,
  sample,
  discovery,
  review,
  taskKind,
  taskSchema,
  taskCode,
  taskQueue,
  workflowType,
];
