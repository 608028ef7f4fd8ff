import type { Prompts } from '../terminal/prompts.ts';
import type { CommandContext } from './context.ts';

/** Prompts, if questions may be asked. Loaded on demand, because most runs do not ask. */
export async function openPromptsIfAllowed(
  { yes, json }: { readonly yes?: boolean | undefined; readonly json?: boolean | undefined },
  context: CommandContext,
): Promise<Prompts | undefined> {
  if (!context.terminal.canPrompt || yes === true || json === true) return undefined;
  return (await import('../terminal/prompts.ts')).openPrompts(context.terminal, context.interruption());
}
