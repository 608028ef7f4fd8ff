import { Argument, type Command } from 'commander';
import type { CommandContext } from '../../cli/context.ts';
import { lazyAction } from '../../cli/declarations.ts';
import type { Shell } from './run.ts';

const SHELLS: readonly Shell[] = ['bash', 'zsh', 'fish', 'powershell'];
const INSTALLATION = `
To enable completion in new shells:
  bash        echo 'source <(kuflow completion bash)' >> ~/.bashrc
  zsh         echo 'source <(kuflow completion zsh)' >> ~/.zshrc
  fish        kuflow completion fish > ~/.config/fish/completions/kuflow.fish
  powershell  'kuflow completion powershell | Out-String | Invoke-Expression' >> $PROFILE

These lines work only if kuflow is on your PATH, for example after npm install --global create-kuflow-worker.
Otherwise, save the script to a file, and source that file in your shell's startup file. For bash, in a TypeScript project:
  npx kuflow completion bash > ~/.kuflow-completion.bash
  echo 'source ~/.kuflow-completion.bash' >> ~/.bashrc
With this file, completion also works when you type npx kuflow, and offers the commands of the project's own kuflow version.`;

export function configure(command: Command, context: CommandContext): void {
  command
    .description(
      'Print a completion script for kuflow and create-kuflow-worker. The script completes commands, options and their values, files, stored profiles, ' +
        'doctor checks, and process and task codes. The codes come from the process definition files in the current ' +
        'folder or project, and from data that earlier commands read from KuFlow. For `kuflow process` and `kuflow task`, the script also completes codes, users and ' +
        'the most recent IDs from the local KuFlow running for this folder. Completion sends nothing to KuFlow.',
    )
    .addArgument(new Argument('<shell>', 'Shell to print the script for').choices(SHELLS))
    .addHelpText('after', INSTALLATION)
    .action(lazyAction(context, async () => (await import('./run.ts')).runCompletion));
}
