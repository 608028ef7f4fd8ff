import type { ProcessDefinition } from '../process/definition.ts';
import { sampleForSchema } from '../schema/example/example.ts';

/** Sample data that people enter in the tests of a generated project, by task code. */
export function sampleAnswers({ tasks }: ProcessDefinition) {
  const human = tasks.filter(({ kind }) => kind === 'human');
  return Object.fromEntries(
    human.map(({ code, data }) => [code, data === undefined ? {} : sampleForSchema(data.schema)]),
  );
}
