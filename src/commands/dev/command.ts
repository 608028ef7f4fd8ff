import { InvalidArgumentError, Option, type Command } from 'commander';
import type { CommandContext } from '../../cli/context.ts';
import { collectValues } from '../../cli/process-options.ts';
import type { DevFlags } from '../../cli/platform-options.ts';
import type { SimulateFlags } from './simulate/run.ts';

export function configure(command: Command, context: CommandContext): void {
  platformOptions(command)
    .enablePositionalOptions()
    .description(
      'Runs a local KuFlow in front of a real Temporal server until Ctrl-C: REST API on HTTP and HTTPS, engine with mutual TLS and tokens. ' +
        'It serves the processes of kuflow.process.yaml and processes/*.process.yaml, or a sample, and keeps its state in .kuflow/dev. One line on stdout says that it is ready.',
    )
    .action(async (flags: DevFlags) => {
      const { runDev } = await import('./run.ts');
      await runDev(flags, context);
    });

  platformOptions(command.command('exec'))
    .summary('Run a command on the platform, then stop the platform')
    .description(
      'Runs a command with the settings of the platform in its environment; starts a platform when none runs here. Exits with the ' +
        "command's own status, 125 when the platform does not start, 126 or 127 when the command can't be run, 130 when interrupted, after " +
        'the command has drained.',
    )
    .argument('<command...>', 'The command, after --')
    .passThroughOptions()
    .action(async (words: string[], flags: DevFlags) => {
      const { runDevExec: runExec } = await import('./run.ts');
      await runExec(words, { ...command.opts<DevFlags>(), ...flags }, context);
    });

  platformOptions(command.command('simulate'))
    .summary('Run a worker and one process through it')
    .description(
      'Starts the worker command, waits for it to poll, starts a process as a user, claims and completes each human task with valid data, ' +
        'prints the timeline and drains the worker. Uses the platform that runs here, or one of its own. The worker gets any free port for health ' +
        'and none for metrics, unless WORKER_HEALTHPORT and WORKER_METRICSPORT are set. Exits 0 when the process is COMPLETED ' +
        'with valid data, 1 when an item is stuck, the workflow failed or the command ended early, 4 on time-out, 130 when interrupted.',
    )
    .argument('[words...]', 'Process definition code, unless one only is served; then -- and the worker command')
    .option(
      '--answers <file>',
      'Data for tasks and metadata, YAML or JSON: { metadata, tasks: { CODE: data or list } }',
    )
    .addOption(
      new Option('--timeout <duration>', 'Time for the worker to poll, and as much again for the process to end')
        .default(120, '120s')
        .argParser(parseLife),
    )
    .option('--worker-log <file>', "Append the worker's output to this file instead of stderr")
    .option('--json', 'Print the result as JSON')
    .usage('[code] [options] -- <command...>')
    .action(async (words: string[], flags: SimulateFlags) => {
      const { runSimulate } = await import('./simulate/run.ts');
      await runSimulate(words, { ...command.opts<DevFlags>(), ...flags }, context);
    });

  stateOption(command.command('env'))
    .summary('Print the settings of the running platform, the client secret among them')
    .description(
      'Prints the environment that leads a worker to the platform that runs here, the client secret among it: eval "$(kuflow dev env)" in a POSIX shell.',
    )
    .option('--json', 'As JSON, an object of names and values')
    .action(async (flags: DevFlags & { readonly json?: boolean }) => {
      const { runEnv } = await import('./run.ts');
      await runEnv({ ...command.opts<DevFlags>(), ...flags }, context);
    });

  stateOption(command.command('history'))
    .summary('Print the history of a workflow, for a replay test')
    .description(
      'Prints the history of a workflow as JSON, from the platform that runs here, in the form that replayers and the Temporal CLI read.',
    )
    .argument('<id>', 'Workflow id; a process id is the id of its workflow')
    .option('--output <file>', 'Write it to this file, over what is there')
    .action(async (id: string, flags: DevFlags & { readonly output?: string }) => {
      const { runHistory } = await import('./run.ts');
      await runHistory(id, { ...command.opts<DevFlags>(), ...flags }, context);
    });

  command
    .command('server-path')
    .summary('Print the path of the Temporal server, getting it when it is not here')
    .option('--time-skipping', 'The test server that skips time')
    .option('--temporal-path <file>', 'The `temporal` program to use')
    .action(async (flags: { readonly timeSkipping?: boolean; readonly temporalPath?: string }) => {
      const { runServerPath } = await import('./run.ts');
      await runServerPath(flags, context);
    });

  command
    .command('demo', { hidden: true })
    .summary('The whole way once: platform, project, check, worker, process')
    .option('--folder <folder>', 'Where the project and the state are kept', '.kuflow/demo')
    .option('--json', 'Print the result as JSON')
    .action(async (flags: { readonly folder: string; readonly json?: boolean }) => {
      const { runDemo } = await import('./demo/run.ts');
      await runDemo(flags, context);
    });
}

function stateOption(command: Command): Command {
  return command.option('--state-dir <folder>', 'Folder of the state (.kuflow/dev)');
}

function platformOptions(command: Command): Command {
  return stateOption(command)
    .addOption(collectValues('--definition <file>', 'Process definition to serve; again for each'))
    .option('--temporal-path <file>', 'The `temporal` program; or KUFLOW_TEMPORAL_PATH')
    .addOption(
      new Option('--port <port>', 'HTTP port, exactly this one (7480 or the next free one)').argParser(parsePort),
    )
    .addOption(
      new Option('--https-port <port>', 'HTTPS port, exactly this one (7443 or the next free one)').argParser(
        parsePort,
      ),
    )
    .addOption(
      new Option('--engine-port <port>', 'Engine port, exactly this one (7483 or the next free one)').argParser(
        parsePort,
      ),
    )
    .addOption(
      collectValues('--host-name <name>', 'DNS name for certificates and endpoints; again for each', parseDnsName),
    )
    .addOption(new Option('--token-life <duration>', 'Life of an engine token (1h)').argParser(parseLife))
    .addOption(
      new Option('--token-grace <duration>', 'How long an expired token is still accepted (120s)').argParser(
        parseSeconds,
      ),
    )
    .addOption(new Option('--certificate-life <duration>', 'Life of an engine certificate (400d)').argParser(parseLife))
    .option('--requests', 'Show every request, not only those that went wrong');
}

function parsePort(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > 65_535) throw new InvalidArgumentError('A port number, 0 to 65535, is expected.');
  return value;
}

const LABEL = '[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?';
const DNS_NAME = new RegExp(`^${LABEL}(?:\\.${LABEL})*$`);

function parseDnsName(text: string): string {
  // Digits and dots alone are an address to a URL, and not every such one is an address.
  if (text.length > 253 || !DNS_NAME.test(text) || !URL.canParse(`https://${text}`))
    throw new InvalidArgumentError('A DNS name such as kuflow.local is expected.');
  return text;
}

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** Of whole seconds, one at least. */
function parseLife(text: string): number {
  const value = parseSeconds(text);
  if (value === 0) throw new InvalidArgumentError('A duration of a second or more is expected.');
  return value;
}

function parseSeconds(text: string): number {
  const [, digits, unit = 's'] = /^(\d+)([smhd]?)$/.exec(text) ?? [];
  if (digits === undefined) throw new InvalidArgumentError('A duration such as 30s, 5m, 1h or 7d is expected.');
  return Number(digits) * (UNIT_SECONDS[unit === '' ? 's' : unit] ?? 1);
}
