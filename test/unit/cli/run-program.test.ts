import { describe, expect, it } from 'vitest';
import { KnownError, usageError } from '../../../src/base/errors.ts';
import { DOUBLE_SIGNAL_MS, handleInterrupts, forwardSignals } from '../../../src/base/interrupts.ts';
import { Secret } from '../../../src/base/secret.ts';
import { kuflowEntries } from '../../../src/bin/commands.ts';
import type { CommandContext, CommandEntry } from '../../../src/cli/context.ts';
import type { RootProgram } from '../../../src/cli/program.ts';
import { runProgram } from '../../../src/cli/run-program.ts';
import { fakeHost, type FakeHost } from '../../support/fake-host.ts';
import { runKuflow } from '../../support/run-kuflow.ts';
import { until } from '../../support/until.ts';

interface Ran {
  readonly status: number;
  readonly fake: FakeHost;
  readonly loaded: readonly string[];
}

type Action = (context: CommandContext, args: readonly unknown[]) => Promise<void> | void;

function rootOf(actions: Readonly<Record<string, Action>>, loaded: string[] = []): RootProgram {
  const commands = Object.entries(actions).map(([name, action]): CommandEntry => ({
    name,
    summary: `Run ${name}`,
    load: () => {
      loaded.push(name);
      return Promise.resolve({
        configure: (command, context) => {
          command
            .option('--json')
            .option('--count <n>')
            .argument('[words...]')
            .action((...args: unknown[]) => action(context, args));
        },
      });
    },
  }));
  return { name: 'kuflow', description: 'Test', version: '1.2.3', invocation: 'npx kuflow', commands };
}

async function run(
  argv: readonly string[],
  actions: Readonly<Record<string, Action>>,
  over: Parameters<typeof fakeHost>[1] = {},
): Promise<Ran> {
  const fake = fakeHost(argv, over);
  const loaded: string[] = [];
  const status = await runProgram(rootOf(actions, loaded), fake.host);
  return { status, fake, loaded };
}

const nothing: Action = () => undefined;

describe('a program', () => {
  it('lists its commands without loading them', async () => {
    const { status, fake, loaded } = await run(['--help'], { dev: nothing, create: nothing });
    expect(status).toBe(0);
    expect(fake.stdout()).toMatch(/dev .*Run dev[^]*create .*Run create/);
    expect(loaded).toEqual([]);
  });

  it('loads only the called command, also for its help', async () => {
    expect((await run(['create'], { dev: nothing, create: nothing })).loaded).toEqual(['create']);
    const help = await run(['help', 'dev'], { dev: nothing, create: nothing });
    expect(help.loaded).toEqual(['dev']);
    expect(help.fake.stdout()).toContain('--count <n>');
    expect(help.status).toBe(0);
  });

  it('prints its version', async () => {
    for (const option of ['--version', '-v']) {
      const { status, fake } = await run([option], { dev: nothing });
      expect({ status, text: fake.stdout() }).toEqual({ status: 0, text: '1.2.3\n' });
    }
  });

  it.each([
    [['crate'], 'Did you mean create?'],
    [['create', '--jsn'], 'Did you mean --json?'],
    [['create', '--count'], 'Missing value: --count <n>'],
    [['--verbos'], 'Unknown option --verbos'],
  ])('rejects %j with status 2, on stderr only', async (argv, text) => {
    const { status, fake } = await run(argv, { dev: nothing, create: nothing });
    expect({ status, stdout: fake.stdout() }).toEqual({ status: 2, stdout: '' });
    expect(fake.stderr()).toContain(text);
    expect(fake.stderr()).toContain(`Help: npx kuflow${argv[0] === 'create' ? ' create' : ''} --help`);
  });

  it.each([
    [['dev', 'simulat'], 'Unknown command "simulat"\n  → Did you mean simulate?'],
    [
      ['dev', 'simulat', '--timeout', '5m', '--', 'npm', 'start'],
      'Unknown command "simulat"\n  → Did you mean simulate?',
    ],
    [['doctor', 'explian', 'KF-TLS-001'], 'Unknown command "explian"\n  → Did you mean explain?'],
    [['doctor', 'zzz'], 'Unknown command "zzz"\n  → Help: '],
    [['constructor'], 'Unknown command "constructor"\n  → Help: '],
    [['credentials', 'pul'], 'Unknown command "pul"\n  → Did you mean pull?'],
    [['completion', 'bsh'], 'Did you mean bash?'],
    [['doctor', '--offlin', 'explain'], 'Unknown option --offlin\n  → Did you mean --offline?'],
  ])('suggests what was meant by %j', async (argv, text) => {
    const fake = fakeHost(argv);
    const root = { ...rootOf({}), commands: kuflowEntries };
    expect(await runProgram(root, fake.host)).toBe(2);
    expect(fake.stderr()).toContain(text);
  });

  it.each([
    [['dev', '--json=true'], 'Unknown option --json=true'],
    [['dev', '--jsn', '--json'], 'Unknown option --jsn'],
    [['deev', '--json'], 'Unknown command "deev"'],
  ])('prints the usage error of %j as JSON', async (argv, message) => {
    const { status, fake } = await run(argv, { dev: nothing });
    expect(JSON.parse(fake.stdout())).toMatchObject({ error: { message, status: 2 } });
    expect(status).toBe(2);
  });

  it.each([[['--help']], [['dev', '--help']], [['credentials', '--help']], [['doctor', '--help']]])(
    'shows examples in %j',
    async (argv) => {
      const fake = fakeHost(argv);
      const examples = '\nExamples:\n  start\n    $ kuflow dev';
      expect(await runProgram({ ...rootOf({}), examples, commands: kuflowEntries }, fake.host)).toBe(0);
      expect(fake.stdout()).toMatch(/\nExamples:\n {2}\S.*\n {4}\$ kuflow \S/);
    },
  );

  it('lists exit statuses one per line, before the examples', async () => {
    const fake = fakeHost(['dev', 'exec', '--help'], { columns: 80 });
    expect(await runProgram({ ...rootOf({}), commands: kuflowEntries }, fake.host)).toBe(0);
    expect(fake.stdout()).toMatch(
      /\nExit statuses:\n {2}2 {6}usage error\n {2}125 {4}the local KuFlow did not start\n/,
    );
    const doctor = fakeHost(['doctor', '--help'], { columns: 80 });
    await runProgram({ ...rootOf({}), commands: kuflowEntries }, doctor.host);
    expect(doctor.stdout()).toMatch(/\nExit statuses:\n(?: {2}[0-4] {2}[a-z].*\n){5}\nExamples:\n/);
  });

  const paths = kuflowEntries.flatMap(({ name }) => [[name]]);
  const children = [
    ['process', 'cancel'],
    ['process', 'start'],
    ['task', 'show'],
    ['dev', 'exec'],
  ];
  it.each([...paths, ...children].map((argv) => [argv]))('starts the help of %j with one sentence', async (argv) => {
    const fake = fakeHost([...argv, '--help'], { columns: 400 });
    expect(await runProgram({ ...rootOf({}), commands: kuflowEntries }, fake.host)).toBe(0);
    expect(fake.stdout()).toMatch(/^[A-Z][^\n]*\.\n\nUsage: /);
    expect(fake.stdout()).toMatch(/\nGeneral options:\n(?: {2}-v.*\n)? {2}--debug .*\n {2}-h, --help .*\n/);
  });

  it('shows commands before options', async () => {
    const fake = fakeHost(['dev', '--help']);
    await runProgram({ ...rootOf({}), commands: kuflowEntries }, fake.host);
    expect(fake.stdout()).toMatch(
      /\nCommands:\n {2}exec [^]*\nOptions:\n[^]*\nScripting options:\n[^]*\nGeneral options:\n/,
    );
  });

  it('describes the options of a connection, and only names them for subcommands, which share them', async () => {
    const help = async (...argv: string[]): Promise<string> => {
      const fake = fakeHost([...argv, '--help'], { columns: 80 });
      await runProgram({ ...rootOf({}), commands: kuflowEntries }, fake.host);
      return fake.stdout();
    };
    expect(await help('process', 'start')).toMatch(
      /--wait[^]*\nConnection options:\n {2}--profile, --client-id,[^]*, --local,\s+--state-dir\n {2}Details: npx kuflow docs commands\n\nGeneral/,
    );
    expect(await help('doctor')).toMatch(
      /--json .*\n\nConnection options:\n {2}--profile <name> {2,}Stored cred[^]*\nGeneral/,
    );
    expect(await help('process', 'signal')).toMatch(/\nConnection options:\n {2}--local {2,}Use this[^]*\nGeneral/);
  });

  it.each([
    [['process', 'show', 'a', 'b'], 'Unexpected argument "b"'],
    [['process', 'show'], 'Missing argument: <id>'],
    [
      ['process', 'signal', 'latest', 'withdraw', '--set', 'a=1', '--input', '1'],
      '--input cannot be combined with --set',
    ],
    [['task', 'list', '--limit', 'x'], '--limit must be a whole number from 1 to 200, not "x"'],
    [['completion', 'bsh'], '<shell> must be bash, zsh, fish or powershell, not "bsh"'],
  ])('explains the mistake in %j', async (argv, message) => {
    const fake = fakeHost(argv);
    expect(await runProgram({ ...rootOf({}), commands: kuflowEntries }, fake.host)).toBe(2);
    expect(fake.stderr().split('\n')[0]).toBe(`✖ ${message}`);
  });

  it('wraps its list of commands in a narrow terminal', async () => {
    const fake = fakeHost(['--help'], { tty: true, columns: 60 });
    expect(await runProgram({ ...rootOf({}), commands: kuflowEntries }, fake.host)).toBe(0);
    expect(
      fake
        .stdout()
        .split('\n')
        .filter((line) => line.length > 60),
    ).toEqual([]);
  });

  it('shows its help with status 2 when called without arguments', async () => {
    const { status, fake } = await run([], { dev: nothing });
    expect({ status, stdout: fake.stdout() }).toEqual({ status: 2, stdout: '' });
    expect(fake.stderr()).toContain('Usage: kuflow');
  });

  it('returns any status that the command sets', async () => {
    expect((await run(['dev'], { dev: (context) => context.setStatus(125) })).status).toBe(125);
    expect((await run(['dev'], { dev: nothing })).status).toBe(0);
  });
});

describe('an error of a command', () => {
  const known = new KnownError({
    message: 'The thing failed',
    tried: 'GET https://example.com/\u001b[2Jx',
    seen: '401 Unauthorized',
    next: ['first do this', 'then that'],
    status: 4,
  });

  it('is printed with what was tried, what was seen and what to do, without a stack trace', async () => {
    const { status, fake } = await run(['dev'], {
      dev: () => {
        throw known;
      },
    });
    expect(status).toBe(4);
    expect(fake.stdout()).toBe('');
    expect(fake.stderr()).toBe(
      [
        '✖ The thing failed',
        '  GET https://example.com/\\u{1b}[2Jx: 401 Unauthorized',
        '  → first do this',
        '  → then that',
        '',
      ].join('\n'),
    );
  });

  it.each([
    [['dev', '--debug'], {}],
    [['--debug', 'dev'], {}],
    [['dev'], { KUFLOW_DEBUG: '1' }],
  ])('is printed with its stack trace for %j', async (argv, env) => {
    const { fake } = await run(
      argv,
      {
        dev: () => {
          throw new KnownError({ message: 'outer', cause: new Error('inner') });
        },
      },
      { env },
    );
    expect(fake.stderr()).toMatch(/KnownError: outer\n\s+at [^]*Error: inner\n\s+at /);
  });

  it('is printed to stdout as JSON with --json, with redacted secrets', async () => {
    const { fake } = await run(['dev', '--json'], {
      dev: () => {
        throw usageError(`no ${String(new Secret('hunter2'))}`, ['do']);
      },
    });
    expect(JSON.parse(fake.stdout())).toEqual({ error: { message: 'no [redacted]', next: ['do'], status: 2 } });
  });

  it('is reported as a bug if it is unexpected', async () => {
    const { status, fake } = await run(['dev'], {
      dev: () => {
        throw new TypeError('x is not a function');
      },
    });
    expect(status).toBe(1);
    expect(fake.stderr()).toContain('This is a bug');
    expect(fake.stderr()).not.toContain('root.test.ts');
  });
});

describe('an interrupt', () => {
  it('aborts a command that cleans up, and exits with 130 afterwards', async () => {
    let cleaned = false;
    const fake = fakeHost(['dev']);
    const work = runProgram(
      rootOf({
        dev: async (context) => {
          const signal = context.interruption();
          await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
          cleaned = true;
          signal.throwIfAborted();
        },
      }),
      fake.host,
    );
    await new Promise((resolve) => setImmediate(resolve));
    fake.signal('SIGINT');
    expect(await work).toBe(130);
    expect(cleaned).toBe(true);
    expect(fake.exits).toEqual([]);
    expect(fake.stderr()).toContain('Interrupted');
  });

  it('exits at once if the command does not handle interrupts', async () => {
    const fake = fakeHost(['dev']);
    void runProgram(rootOf({ dev: () => new Promise(() => undefined) }), fake.host);
    await new Promise((resolve) => setImmediate(resolve));
    fake.signal('SIGTERM');
    expect(fake.exits).toEqual([130]);
  });

  it('is passed to a command that forwards signals: the run continues, and the status is that of the command', async () => {
    const passed: string[] = [];
    const fake = fakeHost(['dev']);
    let end: () => void = () => undefined;
    const work = runProgram(
      rootOf({
        dev: async (context) => {
          const signal = context.interruption();
          context.passSignals((one) => passed.push(one));
          await new Promise<void>((resolve) => (end = resolve));
          expect(signal.aborted).toBe(false);
          context.setStatus(7, true);
        },
      }),
      fake.host,
    );
    await new Promise((resolve) => setImmediate(resolve));
    for (const signal of ['SIGTERM', 'SIGTERM', 'SIGHUP', 'SIGINT', 'SIGINT'] as const) fake.signal(signal);
    if (process.platform !== 'win32') fake.signal('SIGUSR2');
    expect(passed.includes('SIGUSR2')).toBe(process.platform !== 'win32');
    end();
    expect(await work).toBe(7);
    expect(fake.exits).toEqual([]);
    expect(passed.filter((one) => one !== 'SIGUSR2')).toEqual(['SIGTERM', 'SIGTERM', 'SIGHUP', 'SIGINT']);
  });

  it('overrides a failure status of the command', async () => {
    const fake = fakeHost(['dev']);
    const work = runProgram(
      rootOf({
        dev: async (context) => {
          const signal = context.interruption();
          await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
          context.setStatus(1);
        },
      }),
      fake.host,
    );
    await new Promise((resolve) => setImmediate(resolve));
    fake.signal('SIGINT');
    expect(await work).toBe(130);
  });

  it('is forwarded once per key press; Ctrl-Z suspends the command together with this process', async () => {
    const fake = fakeHost([]);
    const passed: string[] = [];
    let now = 1000;
    let suspended = 0;
    const suspend = () => void (suspended += 1);
    const stop = forwardSignals(
      fake.host.signals,
      (one) => passed.push(one),
      () => now,
      suspend,
    );
    for (const after of [0, 5, DOUBLE_SIGNAL_MS, 5, DOUBLE_SIGNAL_MS - 10, 20]) {
      now += after;
      fake.signal('SIGINT');
    }
    expect(passed).toEqual(['SIGINT', 'SIGINT', 'SIGINT']);
    if (process.platform !== 'win32') {
      fake.signal('SIGTSTP');
      expect(suspended).toBe(1);
      expect(passed.at(-1)).toBe('SIGSTOP');
      await until('the command goes on', () => passed.at(-1) === 'SIGCONT');
    }
    stop();
    fake.signal('SIGTERM');
    expect(passed).not.toContain('SIGTERM');
  });

  it('counts a doubled signal once, and a later one as a second interrupt', () => {
    const listeners = new Map<NodeJS.Signals, () => void>();
    let now = 1000;
    const heard: string[] = [];
    const stop = handleInterrupts(
      { on: (signal, listener) => listeners.set(signal, listener), off: (signal) => listeners.delete(signal) },
      { first: () => heard.push('first'), again: () => heard.push('again'), now: () => now },
    );
    const press = (after: number): void => {
      now += after;
      listeners.get('SIGINT')?.();
    };
    press(0);
    press(5);
    expect(heard).toEqual(['first']);
    press(DOUBLE_SIGNAL_MS);
    press(3);
    expect(heard).toEqual(['first', 'again']);
    stop();
    expect(listeners.size).toBe(0);
  });
});

describe('options and commands of other tools', () => {
  it.each([
    [['status'], 'List the processes: npx kuflow process list'],
    [['add', 'task', 'REVIEW', '--kind', 'robot'], 'The kind follows the code: npx kuflow add task REVIEW:system'],
    [['add', 'action', 'X', '--type=y'], 'The type follows the code: npx kuflow add action REPORT:downloadable'],
    [['create', 'x', '--skip-install'], 'Did you mean --no-install?'],
    [['dev', 'env', '--format', 'xml'], 'Did you mean --json?'],
    [['dev', 'fault'], 'Faults are in the console: npx kuflow dev open faults'],
  ])('%j is answered with what to use', async (argv, step) => {
    const { status, stderr } = await runKuflow(process.cwd(), argv);
    expect(status).toBe(2);
    expect(stderr).toContain(`\n  → ${step}\n`);
  });

  it.each([
    [['dev', 'fault', '--help'], 'Unknown command "fault"'],
    [['dev', 'simulte', '--help'], 'Did you mean simulate?'],
    [['help', 'statsu'], 'Unknown command "statsu"'],
  ])('%j is an error, not the help of the parent command', async (argv, message) => {
    const { status, stdout, stderr } = await runKuflow(process.cwd(), argv);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(message);
  });
});
