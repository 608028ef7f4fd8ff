import { interrupted } from '../base/errors.ts';
import { forTerminal } from '../base/escape.ts';
import type { Terminal } from './terminal.ts';

/** Asks a yes-or-no question on stderr; no unless answered yes. Rejects with status 130 when cancelled. Only where `terminal.canAsk`. */
export async function confirm(terminal: Terminal, question: string): Promise<boolean> {
  const { default: inquirer } = await import('inquirer');
  const prompt = inquirer.createPromptModule({
    input: terminal.prompts.input,
    output: terminal.prompts.output,
  });
  try {
    const answers = await prompt([{ type: 'confirm', name: 'yes', message: forTerminal(question), default: false }]);
    return answers['yes'] === true;
  } catch (error) {
    if (error instanceof Error && /ExitPromptError|AbortPromptError|CancelPromptError/.test(error.name)) {
      throw interrupted('Cancelled');
    }
    throw error;
  }
}
