import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { sampleDefinition } from '../../src/process/sample.ts';
import { sendJson, startAnsweringServer } from '../support/answering-server.ts';
import {
  hasShell,
  startInteractiveShell,
  type InteractiveShell,
  type TestedShell,
} from '../support/interactive-shell.ts';
import { leaveRunningState } from '../support/running-state.ts';
import { temporaryFolders } from '../support/temporary-folder.ts';

const folder = temporaryFolders();
let shell: InteractiveShell | undefined;

afterEach(async () => {
  await shell?.close();
  shell = undefined;
});

/** Texts that create a file or change when a shell evaluates them. */
const HOSTILE = [
  ...['$(touch MADE)', '`touch MADE`', ';touch MADE', '"$(touch MADE)"', "'$(touch MADE)'", '\\$(touch MADE)', '>MADE'],
  ...[
    'LOAN A',
    'two  blanks',
    "IT'S",
    'D"Q',
    'x:y',
    'a=b:c',
    'b\\c',
    '*',
    '?',
    '[ab]',
    '{a,b}',
    '(a)',
    '~root',
    '!!',
    '!t',
  ],
  ...['#c', '<in', 'a|b', '&&', '%s', '=x', '^a^b', '$HOME', '${HOME}', '@x', ',y', 'é😀'],
];

/** The same texts, each with a unique prefix that can be typed. */
const CODES = HOSTILE.map((code, at) => `${String.fromCharCode(97 + (at % 26), 97 + Math.floor(at / 26))}_${code}`);

const UNSHOWN = ['line\nbreak', 'tab\tstop', 'esc\u001b[2J', 'bidi\u202eover', '-option'];

function project(): string {
  const cwd = folder();
  mkdirSync(join(cwd, 'processes'));
  [...CODES, ...UNSHOWN].forEach((code, at) =>
    writeFileSync(
      join(cwd, 'processes', `${at}.process.yaml`),
      JSON.stringify({ process: { code, name: at === 0 ? 'Name: $(touch MADE) %B `touch MADE`' : 'A name' } }),
    ),
  );
  return cwd;
}

async function start(which: TestedShell, cwd: string, programs: readonly string[] = []): Promise<InteractiveShell> {
  shell = await startInteractiveShell(which, { folder: folder(), cwd, programs });
  return shell;
}

describe.each(['bash', 'zsh', 'fish'] as const)('completion in a real %s', (which) => {
  it('completes commands, options, choices, files, folders and the line of another command', async ({ skip }) => {
    skip(!hasShell(which), `${which} is not installed here`);
    const cwd = folder();
    for (const name of ['state', 'node_modules/.bin']) mkdirSync(join(cwd, name), { recursive: true });
    writeFileSync(join(cwd, 'two words.yaml'), '');
    writeFileSync(
      join(cwd, 'kuflow.process.yaml'),
      'process: { code: LOAN, name: Loan }\ntasks: [{ code: APPLY, name: Apply }, { code: SCORE }]\n',
    );
    const { run } = await start(which, cwd, ['create-kuflow-worker', 'npx', 'recorded-program']);
    const made = async (keys: string): Promise<readonly string[]> => {
      const { program, args } = await run(`${keys}\r`);
      return [program, ...args];
    };
    expect(await made('kuflow def\tli\t')).toEqual(['kuflow', 'definitions', 'list']);
    expect(await made('kuflow help def\t')).toEqual(['kuflow', 'help', 'definitions']);
    expect(await made('kuflow definitions show L\t--js\t')).toEqual([
      'kuflow',
      'definitions',
      'show',
      'LOAN',
      '--json',
    ]);
    expect(await made('kuflow create --process=L\t')).toEqual(['kuflow', 'create', '--process=LOAN']);
    expect(await made('kuflow create --package-man\tpn\t')).toEqual(['kuflow', 'create', '--package-manager', 'pnpm']);
    expect(await made('kuflow create --package-manager=pn\t')).toEqual(['kuflow', 'create', '--package-manager=pnpm']);
    expect(await made('create-kuflow-worker --package-manager b\t')).toEqual([
      ...['create-kuflow-worker', '--package-manager', 'bun'],
    ]);
    expect(await made('kuflow create --definition two\t')).toEqual([
      'kuflow',
      'create',
      '--definition',
      'two words.yaml',
    ]);
    expect(await made('kuflow create --definition=ku\t')).toEqual([
      'kuflow',
      'create',
      '--definition=kuflow.process.yaml',
    ]);
    expect(await made('kuflow dev --state-dir st\t')).toEqual([
      ...['kuflow', 'dev', '--state-dir', which === 'zsh' ? 'state' : 'state/'],
    ]);
    expect(await made('kuflow dev exec -- recorded-pr\ttwo\t')).toEqual([
      ...['kuflow', 'dev', 'exec', '--', 'recorded-program', 'two words.yaml'],
    ]);
    const schema = ['kuflow', 'create', '--task', 'A', '--task-schema', 'A=two words.yaml'];
    expect(await made('kuflow create --task A --task-schema A=two\t')).toEqual(schema);
    const sameWord = [...schema.slice(0, 4), '--task-schema=A=two words.yaml'];
    expect(await made('kuflow create --task A --task-schema=A=two\t')).toEqual(sameWord);
    expect(await made('kuflow add ta\tX --proc\tL\t--after AP\t')).toEqual([
      ...['kuflow', 'add', 'task', 'X', '--process', 'LOAN', '--after', 'APPLY'],
    ]);
    expect(await made('kuflow doctor --only KF-CLOCK-001,KF-TOKEN-\t')).toEqual([
      ...['kuflow', 'doctor', '--only', 'KF-CLOCK-001,KF-TOKEN-001'],
    ]);
    expect(await made('kuflow doctor --only=KF-CLOCK-001,KF-TOKEN-\t--js\t')).toEqual([
      ...['kuflow', 'doctor', '--only=KF-CLOCK-001,KF-TOKEN-001', '--json'],
    ]);
    expect(await made('kuflow doctor ex\tKF-CLOCK-\t')).toEqual(['kuflow', 'doctor', 'explain', 'KF-CLOCK-001']);
    const own = join(cwd, 'node_modules', '.bin', 'kuflow');
    writeFileSync(own, "#!/bin/sh\necho 'words '\necho from-project\n", { mode: 0o755 });
    expect(await made('npx kuflow fr\t')).toEqual(['npx', 'kuflow', 'from-project']);
    expect(await made('npx two\t')).toEqual(['npx', 'two words.yaml']);
  });

  it('completes codes and IDs of the running local KuFlow', async ({ skip }) => {
    skip(!hasShell(which), `${which} is not installed here`);
    const [processId, taskId] = ['5d1f8a52-0000-4000-8000-00000000000a', 'c07be9d4-0000-4000-8000-00000000000b'];
    const record = { createdAt: '2026-01-02T03:04:05Z', processDefinitionRef: { code: 'LOAN' } };
    const server = await startAnsweringServer(({ url }, response) => {
      const content = url.startsWith('/processes?')
        ? [{ ...record, id: processId, state: 'RUNNING' }]
        : [{ ...record, id: taskId, processItemDefinitionRef: { code: 'SIGN' }, task: { state: 'READY' } }];
      sendJson(response, 200, { content });
    });
    const cwd = folder();
    const stateDir = join(cwd, '.kuflow', 'dev');
    mkdirSync(stateDir, { recursive: true });
    const state = await leaveRunningState(stateDir, sampleDefinition(), { http: server.url });
    try {
      const { run, show } = await start(which, cwd);
      const made = async (keys: string): Promise<readonly string[]> => (await run(`kuflow ${keys}\r`)).args;
      expect(await made('process start L\t')).toEqual(['process', 'start', 'LOAN']);
      expect(await made('task list SIG\t--process=5d1\t--state cl\t')).toEqual([
        ...['task', 'list', 'SIGN', `--process=${processId}`, '--state', 'claimed'],
      ]);
      expect(await made('task complete c07\t')).toEqual(['task', 'complete', taskId]);
      // Bash shows no descriptions.
      if (which === 'bash') expect(await made('task claim la\t')).toEqual(['task', 'claim', 'latest']);
      else await show('kuflow task claim \t', /latest.+SIGN, ready/);
    } finally {
      state.close();
      await server.close();
    }
  });

  it('inserts hostile process codes literally and never evaluates them', async ({ skip }) => {
    skip(!hasShell(which), `${which} is not installed here`);
    const cwd = project();
    const before = readdirSync(cwd);
    const { run, screen } = await start(which, cwd);
    const wrong: unknown[] = [];
    for (const quote of ['', "'", '"']) {
      // Every Tab starts a program, so within quotes only the codes that quoting affects are tried.
      for (const code of quote === '' ? CODES : CODES.slice(0, 7)) {
        // Bash cannot complete these codes within an open quote, so they are not offered.
        if (which === 'bash' && quote !== '' && (code.includes(quote) || (quote === '"' && code.includes('!'))))
          continue;
        const { args } = await run(`kuflow definitions show ${quote}${code.slice(0, 3)}\t\r`);
        if (args.length !== 3 || args[2] !== code) wrong.push([quote, code, args]);
      }
    }
    expect(wrong).toEqual([]);
    // Lists all codes with their names.
    const { args } = await run('kuflow definitions show \t\t\u0015kuflow done\r');
    expect(args).toEqual(['done']);
    expect(screen()).toContain('LOAN');
    expect(screen()).not.toMatch(/\u001b\[2J|\u202e|line\r?\nbreak/);
    expect(readdirSync(cwd)).toEqual(before);
  });

  it('shows no error when kuflow is missing or fails', async ({ skip }) => {
    skip(!hasShell(which), `${which} is not installed here`);
    const cwd = folder();
    mkdirSync(join(cwd, 'broken'));
    writeFileSync(join(cwd, 'broken', 'kuflow'), '#!/bin/sh\necho kaboom\necho kaboom >&2\nexit 3\n', { mode: 0o755 });
    const { run, screen } = await start(which, cwd, ['other']);
    const shown = screen().length;
    expect(await run('./missing/kuflow proc\t\u0015other a\r')).toEqual({ program: 'other', args: ['a'] });
    expect(await run('./broken/kuflow proc\t\u0015other b\r')).toEqual({ program: 'other', args: ['b'] });
    expect(screen().slice(shown)).not.toMatch(/kaboom|error|not found|no such|can't/i);
  });
});
