import type { Command } from 'commander';
import { KnownError } from '../base/errors.ts';

export function configure(command: Command): void {
  command.action(() => {
    throw new KnownError({ message: 'This command is not part of this build yet' });
  });
}
