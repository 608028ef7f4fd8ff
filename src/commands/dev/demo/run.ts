import { relative } from 'node:path';
import { escapeForTerminal } from '../../../base/escape.ts';
import { runDemoStages } from './stages.ts';
import { shellPath } from '../../../base/shell.ts';
import { checkReporter, scaffoldReporter } from '../../create/view.ts';
import { platformReporter } from '../../../platform/session/view.ts';
import { printSimulation, simulationReporter } from '../simulate/view.ts';
import { openProgress } from '../../../terminal/progress.ts';
import { stringifyForTerminal } from '../../../terminal/json.ts';
import type { CommandContext } from '../../../cli/context.ts';

export async function runDemo(
  flags: { readonly folder: string; readonly json?: boolean },
  context: CommandContext,
): Promise<void> {
  const { terminal } = context;
  const progress = openProgress(terminal.err);
  const platform = platformReporter({ progress, requests: false, processes: false });
  try {
    const result = await runDemoStages({
      cwd: context.cwd,
      env: context.env,
      folder: flags.folder,
      signal: context.interruption(),
      report: {
        stage: (title) => {
          progress.stop();
          terminal.err.line(`\n${title}`);
        },
        platform,
        scaffold: scaffoldReporter(progress),
        check: checkReporter(progress),
        step: simulationReporter(progress, { sharesTerminal: false }),
      },
    });
    progress.end('done', 'Stopped everything');
    context.setStatus(result.simulation.status);
    if (flags.json === true) {
      terminal.out.line(stringifyForTerminal(result));
      return;
    }
    printSimulation(terminal.out, result.simulation);
    const folder = shellPath(relative(context.cwd, result.project));
    if (result.simulation.status === 0) {
      terminal.err.line('\nNext steps:');
      terminal.err.line(`  cd ${escapeForTerminal(folder, Infinity)}`);
      terminal.err.line('  npm run dev      run the local KuFlow and the worker, reloaded on changes');
      terminal.err.line('  npm run smoke    run one process from start to end');
      terminal.err.line('  npm test         run the tests of the worker');
      terminal.err.line('Or create your own worker: npx create-kuflow-worker my-worker --local --yes');
    } else
      terminal.err.line(`The worker log is in ${escapeForTerminal(relative(context.cwd, result.workerLog), 1000)}`);
  } finally {
    progress.stop();
  }
}
