import type { Prompts } from '../terminal/prompts.ts';

/** Asks before values of instances, which may be personal data, leave KuFlow. */
export function sampleQuestion(count: number): string {
  return `Read up to ${count} instances for the shapes of their data? Keys and types are kept, values are not`;
}

/** `mayRead` of a discovery, answered by a person. */
export function askToSample(ask: Prompts): (count: number) => Promise<boolean> {
  return async (count) => (await ask.confirm({ message: sampleQuestion(count) })) === true;
}
