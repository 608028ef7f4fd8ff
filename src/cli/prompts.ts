import type { Prompts } from '../terminal/prompts.ts';
import type { CommandContext } from './context.ts';

/** Prompts, if questions may be asked. Loaded on demand, because most runs do not ask. */
export async function openPromptsIfAllowed(
  flags: Readonly<Partial<Record<'yes' | 'json' | 'clientSecretStdin', boolean | undefined>>>,
  context: CommandContext,
): Promise<Prompts | undefined> {
  if (flags.yes === true || flags.json === true || flags.clientSecretStdin === true) return undefined;
  if (!context.terminal.canPrompt) return undefined;
  return (await import('../terminal/prompts.ts')).openPrompts(context.terminal, context.interruption());
}
