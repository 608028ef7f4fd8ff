import { interruptedError, usageError } from '../../base/errors.ts';
import type { AdditionRequest } from '../../project/edit/plan-addition.ts';
import type { Prompts } from '../../terminal/prompts.ts';

/** Asks before a task is added whose code differs from another only in capitalization: KuFlow has two tasks then. Rejects without a yes. */
export async function confirmSimilarCode(
  addition: Extract<AdditionRequest, { readonly kind: 'task' }>,
  { isAllowed, ask }: { readonly isAllowed: boolean; readonly ask: Prompts | undefined },
): Promise<void> {
  const { code } = addition.task;
  const codes = addition.process.definition.tasks.map((task) => task.code);
  const similar = codes.find((one) => one !== code && one.toLowerCase() === code.toLowerCase());
  if (similar === undefined || codes.includes(code) || isAllowed) return;
  const exists = `Task code "${similar}" already exists and differs from "${code}" only in capitalization`;
  if (ask === undefined)
    throw usageError(exists, [`Use the existing task, or add --yes to add "${code}" as another task`]);
  if ((await ask.confirm({ message: `${exists}. Add "${code}" as another task?` })) !== true)
    throw interruptedError('Nothing was written');
}
