import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Argument, type Command } from 'commander';
import { packageRoot } from '../../base/package-root.ts';
import type { CommandContext } from '../../cli/context.ts';

const SCRIPTS = { bash: 'kuflow.bash', zsh: 'kuflow.zsh', fish: 'kuflow.fish', powershell: 'kuflow.ps1' } as const;
const INSTALLATION = `
To enable completion in new shells:
  bash        echo 'source <(kuflow completion bash)' >> ~/.bashrc
  zsh         echo 'source <(kuflow completion zsh)' >> ~/.zshrc
  fish        kuflow completion fish > ~/.config/fish/completions/kuflow.fish
  powershell  'kuflow completion powershell | Out-String | Invoke-Expression' >> $PROFILE

These lines need kuflow on the PATH: npm install --global create-kuflow-worker
Without a global installation, write the script to a file and source that file:
  npx kuflow completion bash > ~/.kuflow-completion.bash
It then also completes commands after npx, using the project's own kuflow.`;

export function configure(command: Command, context: CommandContext): void {
  command
    .description(
      'Print a completion script for kuflow and create-kuflow-worker. It completes commands, options and their values, files, stored profiles, ' +
        'doctor checks, codes of processes and tasks, and IDs on the local KuFlow. The codes come from the process definition files in the current ' +
        'folder or project, and from earlier API calls of other commands. `kuflow process` and `kuflow task` complete codes, users and the newest IDs from ' +
        'the local KuFlow that runs for this folder. Completion sends nothing to KuFlow.',
    )
    .addArgument(new Argument('<shell>', 'Shell to print the script for').choices(Object.keys(SCRIPTS)))
    .addHelpText('after', INSTALLATION)
    .action((shell: keyof typeof SCRIPTS) => {
      // The build copies the scripts into dist/.
      context.terminal.out.write(readFileSync(join(packageRoot(), 'dist', 'completions', SCRIPTS[shell]), 'utf8'));
    });
}
