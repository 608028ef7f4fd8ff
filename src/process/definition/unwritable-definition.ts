import { KnownError } from '../../base/errors.ts';
import { findDefinitionProblems } from './validate.ts';
import { toFile } from './file.ts';
import type { ProcessDefinition } from '../definition.ts';

const MAX_PROBLEMS = 50;

/**
 * Validates a definition that comes from KuFlow or from options as if it were in a file. Throws a KnownError that lists every problem.
 */
export async function checkDefinition(definition: ProcessDefinition): Promise<void> {
  const problems = await findDefinitionProblems(toFile(definition));
  if (problems.length === 0) return;
  const reasons = [...new Set(problems.map(({ reason }) => reason))];
  const listed = reasons.length > MAX_PROBLEMS ? [...reasons.slice(0, MAX_PROBLEMS), '…'] : reasons;
  throw new KnownError({
    message: `The process can't be written to a definition file:\n${listed.map((reason) => `  ${reason}`).join('\n')}`,
    seen: 'nothing was written',
    next: ['Describe the process in a file without these problems, and pass it with --definition <file>'],
  });
}
