import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { closedPort, sendJson, startAnsweringServer } from '../../../support/answering-server.ts';
import { createdOf, createWorker, failureOf, FILES_ONLY, stateOf, type Ran } from '../../../support/create-worker.ts';
import type { FakeHost } from '../../../support/fake-host.ts';
import { temporaryFolders } from '../../../support/temporary-folder.ts';
import { until } from '../../../support/until.ts';

const temporaryFolder = temporaryFolders();
const onPosix = process.platform !== 'win32';

const HEAD = 'process: { code: LOAN }\nworkflow: { type: W, task-queue: Q }\n';

interface Row {
  readonly what: string;
  readonly prepare: (cwd: string) => void;
  /** Arguments before those that leave out install, git and check. */
  readonly args: readonly string[];
  readonly status: number;
  readonly message: RegExp;
  readonly seen?: RegExp;
  readonly next: RegExp;
}

const file =
  (name: string, text: string | Buffer): Row['prepare'] =>
  (cwd) =>
    writeFileSync(join(cwd, name), text);
const nothing: Row['prepare'] = () => undefined;

const TARGETS: readonly Row[] = [
  {
    what: 'a target with other files of the same names',
    prepare: (cwd) => {
      mkdirSync(join(cwd, 'x'));
      writeFileSync(join(cwd, 'x', 'tsconfig.json'), '{}');
      writeFileSync(join(cwd, 'x', 'src'), '');
    },
    args: ['x', '--local'],
    status: 1,
    message:
      /already contains files that would be overwritten:[^]*src\/workflows\.ts is below a file[^]*tsconfig\.json differs/,
    seen: /^nothing was written$/,
    next: /Choose another folder[^]*npx create-kuflow-worker x --local .*--overwrite tsconfig\.json/,
  },
  {
    what: 'the current folder with the package.json of another project',
    prepare: file('package.json', '{ "name": "mine" }'),
    args: ['.', '--local'],
    status: 2,
    message: /^\S+ contains another project \(package\.json\)$/,
    next: /^Create a separate project in a subfolder: npx create-kuflow-worker loan-worker --local .*--no-workspace .*--yes$/,
  },
  {
    what: 'a folder with the package.json of another project',
    prepare: (cwd) => {
      mkdirSync(join(cwd, 'x'));
      writeFileSync(join(cwd, 'x', 'package.json'), '{');
    },
    args: ['x', '--local'],
    status: 2,
    message:
      /x contains another project \(package\.json\)\. It cannot have the worker as a member: In \S+, package\.json can't be used: it is not valid JSON, line 1$/,
    next: /^Create a separate project in a subfolder: npx create-kuflow-worker x.loan-worker --local [^]*--yes$/,
  },
  {
    what: 'a target that is a file',
    prepare: file('x', 'mine'),
    args: ['x', '--local'],
    status: 1,
    message: /x is not a folder/,
    next: /another folder/,
  },
  {
    what: 'a target below a file',
    prepare: file('x', 'mine'),
    args: ['x/y/z', '--local'],
    status: 1,
    message: /cannot be used as the project folder/,
    seen: /ENOTDIR/,
    next: /another folder/,
  },
  {
    what: 'a target that is a link to nowhere',
    prepare: (cwd) => symlinkSync(join(cwd, 'nowhere'), join(cwd, 'x')),
    args: ['x', '--local'],
    status: 1,
    message: /cannot be used as the project folder/,
    seen: /target does not exist/,
    next: /another folder/,
  },
  {
    what: 'a name too long for the file system',
    prepare: nothing,
    args: ['x'.repeat(300), '--local'],
    status: 1,
    message: /cannot be used as the project folder/,
    seen: /ENAMETOOLONG/,
    next: /another folder/,
  },
  {
    what: 'an empty name, as of a variable that is not set, which would be the folder here',
    prepare: file('package.json', '{}'),
    args: ['', '--local'],
    status: 2,
    message: /Missing required arguments or options:\n {2}folder: /,
    next: /npx create-kuflow-worker loan-worker --local/,
  },
];

const DEFINITIONS: readonly Row[] = [
  {
    what: 'that is missing',
    prepare: nothing,
    args: ['x', '--definition', 'd.yaml'],
    status: 1,
    message: /^Definition file not found: .*d\.yaml$/,
    next: /Check the path/,
  },
  {
    what: 'that is a folder',
    prepare: (cwd) => mkdirSync(join(cwd, 'd.yaml')),
    args: ['x', '--definition', 'd.yaml'],
    status: 1,
    message: /d\.yaml is not a file/,
    seen: /it is a folder/,
    next: /d\.yaml.kuflow\.process\.yaml/,
  },
  {
    what: 'that is a pipe, which nobody may ever write to',
    prepare: (cwd) => void execFileSync(onPosix ? 'mkfifo' : 'mkdir', ['d.yaml'], { cwd, shell: !onPosix }),
    args: ['x', '--definition', 'd.yaml'],
    status: 1,
    message: /d\.yaml is not a file/,
    seen: /it is not a regular file|it is a folder/,
    next: /Write it to a file|Give the file itself/,
  },
  {
    what: 'with duplicate codes and unknown kinds',
    prepare: file('d.yaml', `${HEAD}tasks:\n  - { code: A, kind: humn }\n  - { code: A, kind: human }\n`),
    args: ['x', '--definition', 'd.yaml'],
    status: 1,
    message:
      /d\.yaml:4:22 .*kind must be human, system, message or thread, not "humn"; did you mean "human"\?[^]*d\.yaml:5:\d+ task code "A" is already used by tasks\[0\]/,
    next: /Fix the problems listed above/,
  },
  {
    what: 'with broken JSON Schemas',
    prepare: file(
      'd.yaml',
      `${HEAD}metadata: { schema: { type: object, properties: { a: { type: strng } }, required: a } }\n`,
    ),
    args: ['x', '--definition', 'd.yaml'],
    status: 1,
    message: /d\.yaml:3:\d+ .*not valid JSON Schema[^]*d\.yaml:3:\d+ .*must be array/,
    next: /Fix the problems listed above/,
  },
  {
    what: 'of 10 MB',
    prepare: (cwd) => {
      writeFileSync(join(cwd, 'd.yaml'), HEAD);
      truncateSync(join(cwd, 'd.yaml'), 10_000_000);
    },
    args: ['x', '--definition', 'd.yaml'],
    status: 1,
    message: /larger than 4 MiB/,
    next: /Fix the problems listed above/,
  },
  {
    what: 'that is binary',
    prepare: file('d.yaml', Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0xff, 0xfe, 0])),
    args: ['x', '--definition', 'd.yaml'],
    status: 1,
    message: /d\.yaml:1:1 the file is not UTF-8 text/,
    next: /Fix the problems listed above/,
  },
  {
    what: 'that is empty',
    prepare: file('d.yaml', ''),
    args: ['x', '--definition', 'd.yaml'],
    status: 1,
    message: /d\.yaml:1:1 the file is empty/,
    next: /Fix the problems listed above/,
  },
];

describe.each([
  ['a target', TARGETS],
  ['a definition', DEFINITIONS],
])('create and %s', (_kind, rows) => {
  it.each(rows)('$what: reports it with status $status and changes nothing', async ({ prepare, args, ...row }) => {
    const cwd = temporaryFolder();
    prepare(cwd);
    const before = stateOf(cwd);
    const ran = await createWorker(cwd, [...args, ...FILES_ONLY, '--json']);
    const { error } = failureOf(ran.stdout);
    expect(error.message).toMatch(row.message);
    if (row.seen !== undefined) expect(error.seen).toMatch(row.seen);
    expect(error.next.join('\n')).toMatch(row.next);
    expect({ ran: ran.status, told: error.status }).toEqual({ ran: row.status, told: row.status });
    expect(ran.stderr).toContain(error.message.split('\n')[0]);
    expect(stateOf(cwd)).toEqual(before);
  });
});

describe('the name of the package', () => {
  it.each([
    ['Loan Worker', 'loan-worker', 'has uppercase letters'],
    ['LOAN', 'loan', 'has uppercase letters'],
    ['.loan', 'loan', 'starts with a dot, an underscore or a hyphen'],
    ['_loan', 'loan', 'starts with a dot, an underscore or a hyphen'],
    ['lo~an!', 'lo-an', 'has characters other than a-z, 0-9, dot, underscore and hyphen'],
    ['préstamo', 'prestamo', 'has characters other than'],
    ['🦄', 'kuflow-worker', 'has characters other than'],
    ['node_modules', 'node-modules', 'is a reserved name of Node.js or npm'],
    ['http', 'http-worker', 'is a reserved name of Node.js or npm'],
    ['l'.repeat(230), 'l'.repeat(100), 'is longer than 214 characters'],
  ])('of the folder %j is %j, with a reason', async (folder, name, reason) => {
    const cwd = temporaryFolder();
    const ran = await createWorker(cwd, [folder, '--local', ...FILES_ONLY, '--json']);
    const made = createdOf(ran.stdout);
    expect(made.name).toBe(name);
    expect(made.notes).toEqual([
      expect.stringContaining(`The project is named ${name}, because the folder name ${reason}`),
    ]);
    expect(JSON.parse(readFileSync(join(cwd, folder, 'package.json'), 'utf8'))).toMatchObject({ name });
    expect(ran.status).toBe(0);
  });

  it('is also explained in the terminal, and only if it differs', async () => {
    const cwd = temporaryFolder();
    expect((await createWorker(cwd, ['Loans', '--local', ...FILES_ONLY])).stderr).toContain(
      'The project is named loans',
    );
    expect((await createWorker(cwd, ['loans-2', '--local', ...FILES_ONLY])).stderr).not.toContain('Its package');
  });
});

/** A folder of programs of ours, first on the PATH. */
function standIns(programs: Readonly<Record<string, string>>): string {
  const bin = temporaryFolder();
  writeFileSync(join(bin, 'package.json'), '{"type":"commonjs"}');
  for (const [name, script] of Object.entries(programs)) {
    writeFileSync(join(bin, name), `#!${process.execPath}\n${script}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  return bin;
}

const IDENTITY = '[user]\n\tname = Someone\n\temail = someone@example.com\n';

/** An environment whose git knows a name, with programs of ours before all others. */
function environment(bin?: string): NodeJS.ProcessEnv {
  const home = temporaryFolder();
  writeFileSync(join(home, '.gitconfig'), IDENTITY);
  const path = process.env['PATH'] ?? '';
  return {
    PATH: bin === undefined ? path : `${bin}${delimiter}${path}`,
    HOME: home,
    XDG_CONFIG_HOME: home,
    GIT_CONFIG_NOSYSTEM: '1',
  };
}

const commandsOf = (ran: Ran): readonly (string | undefined)[] =>
  createdOf(ran.stdout).next.map(({ command }) => command);
const AFTER = ['npm run smoke', 'npm run dev', 'npx kuflow dev open'];

describe('a repository', () => {
  it('around the folder is reported, and no other one is created', async () => {
    const cwd = temporaryFolder();
    const env = environment();
    execFileSync('git', ['init', '--quiet'], { cwd, env });
    const before = readdirSync(join(cwd, '.git'), { recursive: true });
    const ran = await createWorker(cwd, ['x', '--local', '--yes', '--no-install', '--no-check', '--json'], env);
    expect(createdOf(ran.stdout).git).toEqual({
      kind: 'skipped',
      reason: `the folder is inside the repository ${cwd}`,
    });
    expect(ran.stderr).toContain(`Skipped creating a git repository: the folder is inside the repository ${cwd}`);
    expect(existsSync(join(cwd, 'x', '.git'))).toBe(false);
    expect(readdirSync(join(cwd, '.git'), { recursive: true })).toEqual(before);
    expect(ran.status).toBe(0);
  });

  it('that git cannot create or commit to becomes a next step, and the project is kept: status 0', async () => {
    const args = ['x', '--local', '--yes', '--no-install', '--no-check', '--json'];
    const git = (failing: string): string => `
      const args = process.argv.slice(2);
      if (args.includes(${JSON.stringify(failing)})) { console.error('fatal: no ' + ${JSON.stringify(failing)}); process.exit(1); }
      const path = process.env.PATH.split(${JSON.stringify(delimiter)}).slice(1).join(${JSON.stringify(delimiter)});
      process.exit(require('child_process').spawnSync('git', args, { stdio: 'inherit', env: { ...process.env, PATH: path } }).status ?? 1);`;
    const commit = 'git add . && git commit -m "Start from the worker template"';
    for (const [failing, step] of [
      ['init', `git init && ${commit}`],
      ['commit', commit],
    ] as const) {
      const ran = await createWorker(temporaryFolder(), args, environment(standIns({ git: git(failing) })));
      expect(createdOf(ran.stdout).git, ran.stderr).toMatchObject({ kind: 'failed', output: `fatal: no ${failing}` });
      expect(ran.stderr).toContain(`fatal: no ${failing}`);
      expect(commandsOf(ran)).toEqual(['cd x', 'npm install', step, ...AFTER]);
      expect(ran.status).toBe(0);
    }
  });
});

describe.runIf(onPosix)('a package manager', () => {
  const args = (manager: string): readonly string[] => [
    'x',
    '--local',
    '--yes',
    '--no-git',
    '--no-check',
    '--package-manager',
    manager,
    '--json',
  ];

  it('that is not installed is an error before anything is written, except with --no-install', async () => {
    const cwd = temporaryFolder();
    const env = { PATH: temporaryFolder(), HOME: cwd };
    const ran = await createWorker(cwd, args('bun'), env);
    expect(failureOf(ran.stdout).error).toMatchObject({
      message: 'bun is not installed',
      seen: 'nothing was written',
      next: [
        expect.stringMatching(/^Install it: npm install --global .*bun$/),
        expect.stringContaining('--no-install'),
      ],
      status: 1,
    });
    expect(ran.status).toBe(1);
    expect(readdirSync(cwd)).toEqual([]);
    expect((await createWorker(cwd, [...args('bun'), '--no-install'], env)).status).toBe(0);
  });

  it('that fails: its output is printed, the next steps start with the install, the project is kept, status 1', async () => {
    const cwd = temporaryFolder();
    const bin = standIns({ npm: "console.log('on stdout'); console.error('npm error code EOURS'); process.exit(9);" });
    const human = await createWorker(
      cwd,
      args('npm').filter((arg) => arg !== '--json'),
      environment(bin),
    );
    expect(human.stderr).toMatch(/Output of npm install .*:\n +on stdout\n +npm error code EOURS/);
    expect(human.stderr).toMatch(/\n✖ Created x, .*, but could not install its dependencies: exit status 9\n\nNext:\n/);
    const ran = await createWorker(cwd, [...args('npm'), '--overwrite', '.kuflow/project.json'], environment(bin));
    expect(createdOf(ran.stdout).install).toMatchObject({ kind: 'failed', output: 'on stdout\nnpm error code EOURS' });
    expect(commandsOf(ran)).toEqual(['cd x', 'npm install', ...AFTER]);
    expect({ human: human.status, json: ran.status }).toEqual({ human: 1, json: 1 });
    expect(existsSync(join(cwd, 'x', 'package.json'))).toBe(true);
  });

  it('whose registry does not have this tool: the next steps name --cli-package and not the failed command, status 1', async () => {
    const cwd = temporaryFolder();
    const server = await startAnsweringServer(({ url }, response) => {
      const name = decodeURIComponent(url.slice(1));
      if (name === 'create-kuflow-worker') {
        sendJson(response, 404, { error: 'Not found' });
        return;
      }
      const { dependencies, devDependencies } = JSON.parse(
        readFileSync(join(cwd, 'x', 'package.json'), 'utf8'),
      ) as Record<'dependencies' | 'devDependencies', Readonly<Record<string, string>>>;
      const version = ({ ...dependencies, ...devDependencies }[name] ?? '1.0.0').replace(/^\D+/, '');
      const versions = { [version]: { name, version, dist: { tarball: `${server.url}/-/none.tgz` } } };
      sendJson(response, 200, { name, 'dist-tags': { latest: version }, versions });
    });
    try {
      const env = { ...environment(), npm_config_registry: server.url, npm_config_cache: join(cwd, 'cache') };
      const ran = await createWorker(cwd, args('npm'), env);
      const made = createdOf(ran.stdout);
      expect(made.install).toMatchObject({
        kind: 'failed',
        seen: expect.stringMatching(/^the registry does not have create-kuflow-worker(@\d\S*)?$/) as string,
        unpublished: true,
      });
      expect(ran.stderr).toContain('Could not install dependencies: the registry does not have create-kuflow-worker');
      expect(commandsOf(ran)).toEqual([`${made.command} --cli-package file:TARBALL --overwrite package.json`]);
      expect(ran.status).toBe(1);
    } finally {
      await server.close();
    }
  });

  it('whose registry is down stops soon and names the registry, and the project is kept: status 1', async () => {
    const cwd = temporaryFolder();
    const registry = `http://127.0.0.1:${await closedPort()}`;
    const env = { ...environment(), npm_config_registry: registry, npm_config_cache: join(cwd, 'cache') };
    const ran = await createWorker(cwd, args('npm'), { ...env, npm_config_fetch_retry_mintimeout: '200' });
    expect(ran.stderr).toContain(`no connection to the registry ${registry}: ECONNREFUSED, twice`);
    expect(createdOf(ran.stdout).next.slice(0, 2)).toEqual([
      { command: 'cd x', text: 'go to the project' },
      { command: 'npm install', text: `install the dependencies when ${registry} is reachable` },
    ]);
    expect(ran.status).toBe(1);
  });
});

describe.runIf(onPosix)('Ctrl-C', () => {
  const hangs = (pidFile: string): string =>
    `require('fs').writeFileSync(${JSON.stringify(pidFile)}, String(process.pid)); setInterval(() => {}, 1000);`;
  const interruptWhen =
    (happens: () => boolean) =>
    (fake: FakeHost): void => {
      // npm's doubled signal.
      void until('it is under way', happens).then(() => {
        fake.signal('SIGINT');
        fake.signal('SIGINT');
      });
    };
  const isGone = (pidFile: string): boolean => {
    try {
      process.kill(Number(readFileSync(pidFile, 'utf8')), 0);
      return false;
    } catch {
      return true;
    }
  };
  const written = (path: string): boolean => existsSync(path) && readFileSync(path, 'utf8') !== '';

  it('while waiting for a secret on standard input exits with 130', async () => {
    const stdin = Object.assign(new PassThrough(), { isTTY: false });
    stdin.write('half of ');
    const flags = ['--task', 'A', '--task-queue', 'Q', '--workflow-type', 'W', '--client-secret-stdin'];
    const args = ['x', '--process', 'L', ...flags, '--client-id', randomUUID(), ...FILES_ONLY, '--json'];
    const cwd = temporaryFolder();
    const ran = await createWorker(cwd, args, {}, (fake) => {
      Object.assign(fake.host, { stdin });
      void until('what is there was read', () => stdin.readableLength === 0).then(() => fake.signal('SIGINT'));
    });
    expect(failureOf(ran.stdout).error).toEqual({ message: 'Interrupted', next: [], status: 130 });
    expect(ran.status).toBe(130);
    expect(readdirSync(cwd)).toEqual([]);
  });

  it('while files are written leaves none of them: status 130', async () => {
    const cwd = temporaryFolder();
    mkdirSync(join(cwd, 'x'));
    writeFileSync(join(cwd, 'x', 'README.md'), 'mine');
    const before = stateOf(cwd);
    const args = ['x', '--local', '--overwrite', 'README.md', ...FILES_ONLY, '--json'];
    const ran = await createWorker(cwd, args, {}, (fake) => {
      fake.onStderr((text) => {
        if (text.includes('Writing ')) fake.signal('SIGINT');
      });
    });
    expect(ran.status).toBe(130);
    expect(failureOf(ran.stdout).error).toEqual({ message: 'Interrupted', next: [], status: 130 });
    expect(ran.stderr).toContain('Writing ');
    // A folder tells by its time that something was in it for a moment.
    const withoutTimes = (state: ReadonlyMap<string, string>): unknown =>
      [...state].map(([path, text]) => [path, text.replace(/ \d+ /, ' ')]);
    expect(withoutTimes(stateOf(cwd))).toEqual(withoutTimes(before));
  });

  it('during the install stops the package manager, keeps the project and prints the next steps: status 130', async () => {
    const cwd = temporaryFolder();
    const pidFile = join(cwd, 'pid');
    const env = environment(standIns({ npm: hangs(pidFile) }));
    const args = ['x', '--local', '--yes', '--package-manager', 'npm', '--json'];
    const ran = await createWorker(
      cwd,
      args,
      env,
      interruptWhen(() => written(pidFile)),
    );
    const made = createdOf(ran.stdout);
    expect(made).toMatchObject({
      install: { kind: 'interrupted' },
      git: { kind: 'skipped', reason: 'interrupted' },
      check: { kind: 'not-run', reason: 'interrupted' },
      status: 130,
    });
    expect(commandsOf(ran)).toEqual([
      'cd x',
      'npm install',
      'git init && git add . && git commit -m "Start from the worker template"',
      ...AFTER,
    ]);
    expect(ran.status).toBe(130);
    expect(isGone(pidFile)).toBe(true);
    expect(existsSync(join(cwd, 'x', 'package.json'))).toBe(true);
  });

  it.each([
    ['rev-parse', 'skipped', 'git init && git add . && git commit -m "Start from the worker template"'],
    ['init', 'skipped', 'git init && git add . && git commit -m "Start from the worker template"'],
    ['commit', 'initialised', 'git add . && git commit -m "Start from the worker template"'],
  ])('in git, at %s, stops it and prints what remains to be done: status 130', async (at, kind, step) => {
    const cwd = temporaryFolder();
    const pidFile = join(cwd, 'pid');
    const bin = standIns({
      git: `
        const args = process.argv.slice(2);
        const path = process.env.PATH.split(${JSON.stringify(delimiter)}).slice(1).join(${JSON.stringify(delimiter)});
        if (args.includes(${JSON.stringify(at)})) { ${hangs(pidFile)} }
        else process.exit(require('child_process').spawnSync('git', args, { stdio: 'inherit', env: { ...process.env, PATH: path } }).status ?? 1);`,
    });
    const args = ['x', '--local', '--yes', '--no-install', '--json'];
    const ran = await createWorker(
      cwd,
      args,
      environment(bin),
      interruptWhen(() => written(pidFile)),
    );
    expect(createdOf(ran.stdout)).toMatchObject({ git: { kind, reason: 'interrupted' }, status: 130 });
    expect(commandsOf(ran)).toEqual(['cd x', 'npm install', step, ...AFTER]);
    expect(ran.status).toBe(130);
    expect(isGone(pidFile)).toBe(true);
  });
});
