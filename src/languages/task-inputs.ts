import type { WorkerDefinition } from '../process/definition.ts';
import { sampleDecision } from '../process/sample.ts';
import { choiceOf, type TaskChoices } from './project-spec.ts';

const MAX_DEFAULT_INPUTS = 4;

/** Codes of the human tasks whose data is passed to the system task at `index`, in order: the chosen ones, by default the last ones before it. */
export function systemTaskInputs(definition: WorkerDefinition, index: number, choices: TaskChoices): readonly string[] {
  const decision = sampleDecision(definition);
  const before = definition.tasks
    .slice(0, index)
    // Without a decision of a person, there is no data.
    .filter(({ kind, code }) => kind === 'human' && (decision?.check === undefined || code !== decision.approval));
  const chosen = choiceOf(choices, definition.tasks[index]?.code ?? '').inputs;
  const kept =
    chosen === undefined ? before.slice(-MAX_DEFAULT_INPUTS) : before.filter(({ code }) => chosen.includes(code));
  return kept.map(({ code }) => code);
}
