import { processSteps } from './process-steps.ts';
import { projectSteps } from './project-steps.ts';
import { review } from './review-step.ts';
import { sourceSteps } from './source-steps.ts';
import type { Step, Topic, WizardState, WizardWorld } from './wizard-state.ts';

const STEPS: readonly Step[] = [...sourceSteps, ...processSteps.before, review, ...processSteps.after, ...projectSteps];

/**
 * Asks for everything that the state leaves open, one question after the other, back and forth, and returns the state with every
 * answer. Writes nothing. Rejects with a KnownError of status 130 when somebody ends it.
 */
export async function runWizard(start: WizardState, world: WizardWorld): Promise<WizardState> {
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
        if (result.answer !== undefined) answers.set(step.topic, result.answer);
      }
      state = result.state;
    }
  }
}
