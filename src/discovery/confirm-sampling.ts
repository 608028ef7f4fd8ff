import type { Prompts } from '../terminal/prompts.ts';

/** The question before values of instances, which may be personal data, are read from KuFlow. */
export function samplingQuestion(count: number): string {
  return `Read up to ${count} instances to infer the shape of their data? Only keys and types are kept, never values`;
}

/** `confirmSampling` of a discovery, as a prompt. */
export async function confirmSampling(prompts: Prompts, count: number): Promise<boolean> {
  return (await prompts.confirm({ message: samplingQuestion(count) })) === true;
}
