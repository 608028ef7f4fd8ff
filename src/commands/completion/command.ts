import { Argument, type Command } from 'commander';
import type { CommandContext } from '../../cli/context.ts';
import type { Shell } from './run.ts';

const SHELLS: readonly Shell[] = ['bash', 'zsh', 'fish', 'powershell'];
const INSTALLING = `
In a new shell:
  bash        echo 'source <(kuflow completion bash)' >> ~/.bashrc
  zsh         echo 'source <(kuflow completion zsh)' >> ~/.zshrc
  fish        kuflow completion fish > ~/.config/fish/completions/kuflow.fish
  powershell  'kuflow completion powershell | Out-String | Invoke-Expression' >> $PROFILE

These need kuflow on the PATH: npm install --global create-kuflow-worker. Without it write the script to a file once,
by npx kuflow completion bash > ~/.kuflow-completion.bash, and source that: after npx it asks the project's own kuflow. The script for PowerShell has not been run.`;

export function configure(command: Command, context: CommandContext): void {
  command
    .description(
      'Prints a script that lets the shell complete kuflow and create-kuflow-worker: commands, options and their values, files, stored profiles, ' +
        'checks, and codes of processes and tasks. The codes come from the definition files in the folder, or of the project that it is in, and from what ' +
        'other commands saw of the API before; completion itself uses no network.',
    )
    .addArgument(new Argument('<shell>', 'The shell that the script is for').choices(SHELLS))
    .addHelpText('after', INSTALLING)
    .action(async (shell: Shell) => {
      const { runCompletion } = await import('./run.ts');
      runCompletion(shell, context);
    });
}
