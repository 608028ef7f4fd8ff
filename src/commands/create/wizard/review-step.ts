import { applyTaskChanges } from '../../../process/definition/from-flags.ts';
import type { ProcessDefinition } from '../../../process/definition.ts';
import { BACK } from '../../../terminal/prompts.ts';
import type { CreateAnswers } from '../answers.ts';
import { KINDS } from './process-steps.ts';
import { settle, withAnswers, type Step, type StepResult, type WizardState, type WizardContext } from './state.ts';

/** The discovered process with the changes of the answers so far. */
export function reviewedDefinition({ discovered, ...answers }: CreateAnswers): ProcessDefinition | undefined {
  if (discovered === undefined) return undefined;
  const workflow = { type: answers.workflowType ?? '?', taskQueue: answers.taskQueue ?? '?' };
  return applyTaskChanges(
    { ...discovered.definition, workflow },
    {
      kinds: answers.taskKind ?? [],
      order: answers.taskOrder,
    },
  );
}

/** Kinds and order of tasks are inferred from instances, so somebody who knows the process confirms them. */
export const review: Step = {
  topic: 'review',
  isOpen: (state) =>
    state.answers.source === 'api' && state.answers.discovered !== undefined && !state.settled.has('review'),
  run: async (state, context, { canGoBack }) => {
    const definition = reviewedDefinition(state.answers);
    if (definition === undefined || state.answers.discovered === undefined) throw new Error('nothing was discovered');
    context.say.process(state.answers.discovered, definition);
    if (definition.tasks.length === 0) return { kind: 'passed', state: settle(state, 'review') };
    const answer = await context.ask.choose({
      message: 'Are the tasks, their kinds and their order correct?',
      canGoBack,
      choices: [
        { value: 'good', name: 'Yes' },
        { value: 'kind', name: 'Change the kind of a task' },
        ...(definition.tasks.length > 1 ? [{ value: 'order', name: 'Change the order' } as const] : []),
      ],
    });
    switch (answer) {
      case BACK:
        return { kind: 'back' };
      case 'good':
        return { kind: 'answered', state: settle(state, 'review') };
      case 'kind':
        return changeKind(state, definition, context);
      case 'order':
        return changeOrder(state, definition, context);
    }
  },
};

async function changeKind(
  state: WizardState,
  { tasks }: ProcessDefinition,
  context: WizardContext,
): Promise<StepResult> {
  const code = await context.ask.search({
    message: 'Which task?',
    canGoBack: true,
    choices: tasks.map((task) => ({ value: task.code, name: `${task.code} (${task.kind})` })),
  });
  if (code === BACK) return { kind: 'passed', state };
  const kind = await context.ask.choose({
    message: `Kind of ${code}`,
    canGoBack: true,
    choices: KINDS,
  });
  if (kind === BACK) return { kind: 'passed', state };
  const others = (state.answers.taskKind ?? []).filter((one) => !one.startsWith(`${code}=`));
  return { kind: 'answered', state: withAnswers(state, { taskKind: [...others, `${code}=${kind}`] }) };
}

async function changeOrder(
  state: WizardState,
  { tasks }: ProcessDefinition,
  context: WizardContext,
): Promise<StepResult> {
  const codes = tasks.map(({ code }) => code);
  const order: string[] = [];
  while (order.length < codes.length - 1) {
    const left = codes.filter((code) => !order.includes(code));
    const next = await context.ask.choose({
      message: order.length === 0 ? 'Which task comes first?' : `Which task comes after ${order.at(-1) ?? ''}?`,
      canGoBack: true,
      choices: left.map((code) => ({ value: code, name: code })),
    });
    if (next !== BACK) order.push(next);
    else if (order.pop() === undefined) return { kind: 'passed', state };
  }
  order.push(...codes.filter((code) => !order.includes(code)));
  return { kind: 'answered', state: withAnswers(state, { taskOrder: order }) };
}
