import { applyTaskChanges } from '../../../process/definition/change-tasks.ts';
import type { WorkerDefinition } from '../../../process/definition.ts';
import { sampleTaskDefinitions } from '../../../process/worker-sample/definition.ts';
import { BACK } from '../../../terminal/prompts.ts';
import type { CreateAnswers } from '../answers.ts';
import type { WizardContext } from './context.ts';
import { KINDS } from './process-steps.ts';
import { settle, withAnswers, type Step, type WizardState } from './state.ts';

interface ReviewedProcess {
  readonly definition: WorkerDefinition;
  /** What may be wrong or incomplete in it. */
  readonly notes: readonly string[];
}

/** The process that was read from the API or a worker sample, with the changes of the answers so far. */
function reviewedProcess(answers: CreateAnswers): ReviewedProcess | undefined {
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
export const review: Step = {
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
