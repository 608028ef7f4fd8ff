import { applyTaskChanges } from '../../../process/definition/from-flags.ts';
import type { ProcessDefinition } from '../../../process/definition.ts';
import { BACK } from '../../../terminal/prompts.ts';
import type { CreateAnswers } from '../answers.ts';
import { KINDS } from './process-steps.ts';
import { settle, withAnswers, type Step, type StepResult, type WizardState, type WizardContext } from './state.ts';

/** What was found, as the answers so far change it. */
export function reviewed({ discovered, ...answers }: CreateAnswers): ProcessDefinition | undefined {
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

/** Instances tell kinds and order only by their traces: somebody who knows the process looks at them. */
export const review: Step = {
  topic: 'review',
  isOpen: (state) =>
    state.answers.source === 'api' && state.answers.discovered !== undefined && !state.settled.has('review'),
  run: async (state, context, { canGoBack }) => {
    const definition = reviewed(state.answers);
    if (definition === undefined || state.answers.discovered === undefined) throw new Error('nothing was discovered');
    context.say.process(state.answers.discovered, definition);
    if (definition.tasks.length === 0) return { kind: 'passed', state: settle(state, 'review') };
    const answer = await context.ask.choose({
      message: 'Tasks, kinds and order:',
      canGoBack,
      choices: [
        { value: 'good', name: 'They are right' },
        { value: 'kind', name: 'A task is of another kind' },
        ...(definition.tasks.length > 1 ? [{ value: 'order', name: 'They come in another order' } as const] : []),
      ],
    });
    switch (answer) {
      case BACK:
        return { kind: 'back' };
      case 'good':
        return { kind: 'answered', state: settle(state, 'review') };
      case 'kind':
        return anotherKind(state, definition, context);
      case 'order':
        return anotherOrder(state, definition, context);
    }
  },
};

async function anotherKind(
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

async function anotherOrder(
  state: WizardState,
  { tasks }: ProcessDefinition,
  context: WizardContext,
): Promise<StepResult> {
  const codes = tasks.map(({ code }) => code);
  const order: string[] = [];
  while (order.length < codes.length - 1) {
    const left = codes.filter((code) => !order.includes(code));
    const next = await context.ask.choose({
      message: order.length === 0 ? 'Which task comes first?' : `What comes after ${order.at(-1) ?? ''}?`,
      canGoBack: true,
      choices: left.map((code) => ({ value: code, name: code })),
    });
    if (next !== BACK) order.push(next);
    else if (order.pop() === undefined) return { kind: 'passed', state };
  }
  order.push(...codes.filter((code) => !order.includes(code)));
  return { kind: 'answered', state: withAnswers(state, { taskOrder: order }) };
}
