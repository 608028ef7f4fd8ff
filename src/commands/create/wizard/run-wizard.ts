import { credentialSteps } from './credential-steps.ts';
import { processSteps } from './process-steps.ts';
import { projectSteps } from './project-steps.ts';
import { review } from './review-step.ts';
import { sourceSteps } from './source-steps.ts';
import type { Step, Topic, WizardState, WizardContext } from './state.ts';

const STEPS: readonly Step[] = [
  ...sourceSteps,
  ...credentialSteps,
  ...processSteps.before,
  review,
  ...processSteps.after,
  ...projectSteps,
];

const OF_PROCESS: readonly Topic[] = ['sample', 'task-queue', 'workflow-type'];

/** Answers that belong to the answer of another question: another one there, and they are offered no more. */
const BELONGS: Partial<Record<Topic, readonly Topic[]>> = {
  source: ['listed', 'process', ...OF_PROCESS],
  listed: ['process', ...OF_PROCESS],
  process: OF_PROCESS,
};

/**
 * Asks for everything that the state leaves open, one question after the other, back and forth, and returns the state with every
 * answer. Writes nothing. Rejects with a KnownError of status 130 when somebody ends it.
 */
export async function runWizard(start: WizardState, world: WizardContext): Promise<WizardState> {
  world.say.intro();
  const before: WizardState[] = [];
  const answers = new Map<Topic, string>();
  let state = start;
  for (;;) {
    const now = state;
    const step = STEPS.find(({ isOpen }) => isOpen(now, world));
    if (step === undefined) return state;
    const result = await step.run(now, world, {
      canGoBack: before.length > 0,
      before: answers.get(step.topic),
    });
    if (result.kind === 'back') {
      state = before.pop() ?? state;
    } else {
      if (result.kind === 'answered') {
        before.push(now);
        const { answer } = result;
        if (answer !== answers.get(step.topic)) for (const topic of BELONGS[step.topic] ?? []) answers.delete(topic);
        if (answer === undefined) answers.delete(step.topic);
        else answers.set(step.topic, answer);
      }
      state = result.state;
    }
  }
}
