import { KnownError } from '../base/errors.ts';
import type { CommandContext } from './context.ts';
import type { CreateFlags } from './create.ts';

export async function runCreate(
  folder: string | undefined,
  flags: CreateFlags,
  context: CommandContext,
): Promise<void> {
  await Promise.resolve();
  throw new KnownError({ message: 'This command is not part of this build yet' });
}
