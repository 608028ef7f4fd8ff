import { spawn } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { buildStages, isOfThisPlatform, nativeModules } from '../support/dockerfile.ts';
import { runAlone, runHeavy } from '../support/lanes.ts';
import { newMark } from '../support/marked-processes.ts';
import { packedCommand } from '../support/packed-command.ts';
import { BUN, PNPM, provideManager, type ManagerRelease } from '../support/package-managers.ts';
import { writeTree } from '../support/template-folder.ts';
import { temporalPath } from '../support/temporal-path.ts';
import { bareEnvironment } from '../support/worker-process.ts';

runAlone('ports');
runHeavy();

const SOAK = process.env['KUFLOW_SOAK'] === '1';
const onWindows = process.platform === 'win32';

interface Case extends ManagerRelease {
  /** The value of `--package-manager`. `recorded` is what the project's record must then contain. */
  readonly told: string;
  readonly recorded: string;
  readonly lockFile: string;
  /** The command that runs `create-kuflow-worker` from a tarball without installing it. Yarn 1 does not have one. */
  readonly dlx?: (tarball: string) => readonly string[];
  /** The command that runs a dependency's program, as in the README. */
  readonly exec: readonly string[];
  /** Files of an unrelated workspace around the project, which must not affect it. */
  readonly around: Readonly<Record<string, string>>;
  /** Whether the worker image is built too. */
  readonly image: boolean;
}

const CASES: readonly Case[] = [
  {
    ...PNPM,
    told: 'pnpm',
    recorded: 'pnpm',
    lockFile: 'pnpm-lock.yaml',
    dlx: (tarball) => ['pnpm', 'dlx', '--package', `file:${tarball}`],
    exec: ['pnpm', 'exec'],
    around: { 'package.json': '{"private":true}', 'pnpm-workspace.yaml': "packages: ['*']\n" },
    image: true,
  },
  {
    program: 'yarn',
    package: '@yarnpkg/cli-dist',
    version: '4.18.1',
    told: 'yarn',
    recorded: 'yarn@4',
    lockFile: 'yarn.lock',
    dlx: (tarball) => ['yarn', 'dlx', '--quiet', '--package', `create-kuflow-worker@file:${tarball}`],
    exec: ['yarn'],
    around: { 'package.json': '{"private":true,"workspaces":["*"]}', 'yarn.lock': '' },
    image: true,
  },
  {
    ...BUN,
    told: 'bun',
    recorded: 'bun',
    lockFile: 'bun.lock',
    dlx: (tarball) => ['bunx', '--package', tarball],
    exec: ['bun', 'run'],
    around: {},
    image: true,
  },
  {
    program: 'yarn',
    package: 'yarn',
    version: '1.22.22',
    told: 'yarn',
    recorded: 'yarn@1',
    lockFile: 'yarn.lock',
    exec: ['yarn', '--silent'],
    around: {},
    // Its lock file has the tarball's path relative to the project, which differs in an image.
    image: false,
  },
];

/** The project is built, and in the long run also checked, with its code. */
const OWN_TEMPLATE = {
  'README.md': 'About the template\n',
  'typescript/src/acme.ts.hbs': [
    "import { log } from '@temporalio/workflow';\n",
    '/** {{tsComment project.name}} */',
    'export function logStart(): void {',
    '  log.info({{tsString project.name}});',
    '}\n',
  ].join('\n'),
};

// Other tests use npm. Of the rest, `npm test` runs one, because each installs its own project.
const inLongRun = ({ program }: Case): boolean => program !== 'pnpm';

const mark = newMark();

interface Ended {
  readonly status: number | null;
  readonly out: string;
  readonly all: string;
}

function run(words: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Promise<Ended> {
  const [program = '', ...args] = words;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], shell: onWindows });
    let out = '';
    let all = '';
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString();
      all += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => (all += chunk.toString()));
    child.once('error', reject);
    child.once('close', (status) => resolve({ status, out, all }));
  });
}

async function succeeds(words: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Promise<Ended> {
  const ended = await run(words, cwd, env);
  expect(ended.status, `${words.join(' ')}\n${ended.all}`).toBe(0);
  return ended;
}

describe.for(CASES)('a project for $program $version', (manager) => {
  let folder: string;
  let project: string;
  let env: Record<string, string> | undefined;

  beforeAll(async () => {
    folder = mkdtempSync(join(inject('runFolder'), `${manager.program}-`));
    project = join(folder, 'loan-worker');
    if (inLongRun(manager) && !SOAK) {
      process.stderr.write(`skipped: ${manager.program} ${manager.version} runs only in npm run soak\n`);
      return;
    }
    const provided = await provideManager(manager);
    if ('missing' in provided) {
      process.stderr.write(`skipped: ${manager.program} ${manager.version} is not available: ${provided.missing}\n`);
      return;
    }
    env = { ...provided.env, ...mark.env, KUFLOW_TEMPORAL_PATH: await temporalPath() };
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('is created and installed with CI set, inside an unrelated workspace', async (context) => {
    if (env === undefined) return context.skip();
    for (const [path, text] of Object.entries(manager.around)) writeFileSync(join(folder, path), text);
    writeTree(join(folder, 'template'), OWN_TEMPLATE);
    // Next to the project, because lock files have its relative path. The image has it in the same place.
    const tarball = join(folder, basename(inject('tarball')));
    copyFileSync(inject('tarball'), tarball);
    const before = readdirSync(folder);
    const args = [
      'loan-worker',
      '--local',
      '--yes',
      '--no-workspace',
      '--no-git',
      '--no-check',
      '--template',
      'template',
    ];
    const own = ['--package-manager', manager.told, '--cli-package', `file:${tarball}`];
    const { status, err } = await packedCommand('create-kuflow-worker', [...args, ...own], { cwd: folder, env });
    expect(status, err).toBe(0);
    expect(err).toContain('Installed dependencies');
    expect(err).not.toContain('workspace');
    // Everything is inside the project, and no stray files are left.
    expect(readdirSync(folder).sort()).toEqual([...before, 'loan-worker'].sort());
    expect(readFileSync(join(project, manager.lockFile), 'utf8')).toContain('@temporalio/worker');
    expect(existsSync(join(project, 'node_modules', '@temporalio', 'worker'))).toBe(true);
    expect(readdirSync(project).filter((name) => name.startsWith('.pnp') || name.endsWith('.log'))).toEqual([]);
    const record = JSON.parse(readFileSync(join(project, '.kuflow', 'project.json'), 'utf8')) as {
      command: string;
      answers: { packageManager: string };
    };
    expect(record.answers.packageManager).toBe(manager.recorded);
    expect(record.command).toContain(`--package-manager ${manager.recorded}`);
    // The packed package has the compiler of templates.
    expect(readFileSync(join(project, 'src', 'acme.ts'), 'utf8')).toContain("log.info('loan-worker')");
    const readme = readFileSync(join(project, 'README.md'), 'utf8');
    expect(readme).toContain(`\`${manager.exec.filter((word) => !word.startsWith('-')).join(' ')} kuflow dev open\``);
  });

  it('completes a process with its own commands', async (context) => {
    if (env === undefined) return context.skip();
    const version = await succeeds([...manager.exec, 'kuflow', '--version'], project, env);
    expect(version.out.trim()).toMatch(/^\d+\.\d+\.\d+$/);
    const smoke = await succeeds([manager.program, 'run', 'smoke'], project, env);
    expect(smoke.out).toContain('LOAN is COMPLETED with valid data');
    // Options are passed on to the script.
    const check = await run([manager.program, 'run', 'check', '--json'], project, env);
    expect(check.status).toBe(2);
    expect(check.out).toMatch(/"kuflow\.api\.client-id/);
    if (SOAK) for (const script of ['lint', 'test']) await succeeds([manager.program, 'run', script], project, env);
  });

  it.runIf(manager.dlx !== undefined)(
    "is what the package manager's own run command creates, without --package-manager",
    async ({ skip }) => {
      if (env === undefined) return skip();
      const start = manager.dlx?.(inject('tarball')) ?? [];
      const args = ['create-kuflow-worker', 'started', '--local', '--yes', '--no-git', '--no-install', '--json'];
      // Yarn patches the file system of the programs it runs. The platform has to work there too.
      const isChecked = manager.program === 'yarn';
      const own = { ...env, XDG_CACHE_HOME: join(folder, 'cache'), TMPDIR: join(folder, 'tmp') };
      mkdirSync(own.TMPDIR);
      const { out } = await succeeds([...start, ...args, ...(isChecked ? [] : ['--no-check'])], folder, own);
      const result = JSON.parse(out.slice(out.indexOf('{'))) as { command: string; check: { kind: string } };
      expect(result.command).toContain(`--package-manager ${manager.recorded} `);
      expect(result.check).toMatchObject(isChecked ? { kind: 'checked', status: 0 } : { kind: 'not-run' });
    },
  );

  // In npm test, other tests build the images of npm and uv.
  it.runIf(SOAK && manager.image && process.platform === 'linux')(
    'has a Dockerfile that builds a working image',
    async ({ skip }) => {
      if (env === undefined) return skip();
      const source = join(folder, 'context');
      mkdirSync(source);
      for (const name of readdirSync(project).filter((entry) => !['node_modules', '.kuflow'].includes(entry)))
        await succeeds(['cp', '-R', join(project, name), source], folder, env);
      // Global installs of the steps go to a folder of the test.
      const prefix = join(folder, 'prefix');
      const { PATH = '', ...rest } = env;
      // CI is not set in an image build.
      delete rest['CI'];
      const tarball = inject('tarball');
      const image = buildStages({
        dockerfile: readFileSync(join(source, 'Dockerfile'), 'utf8'),
        context: source,
        into: join(folder, 'stages'),
        env: { ...rest, PATH: [join(prefix, 'bin'), PATH].join(delimiter), npm_config_prefix: prefix },
        base: { 'usr/local/bin/node': process.execPath, [basename(tarball)]: tarball },
      });
      const app = join(image.root, image.workdir);
      expect(readdirSync(app).sort()).toEqual(['application.yaml', 'dist', 'node_modules', 'package.json']);
      for (const name of ['typescript', 'vitest', 'tsx', 'create-kuflow-worker'])
        expect(existsSync(join(app, 'node_modules', name)), name).toBe(false);
      const modules = nativeModules(join(app, 'node_modules'));
      expect(modules.filter((path) => !isOfThisPlatform(path))).toEqual([]);
      expect(modules.filter((path) => path.includes('@temporalio/core-bridge/releases'))).toHaveLength(1);
      // The worker loads all its modules, and stops because no settings are configured.
      const [, ...args] = image.entrypoint;
      const started = await run([process.execPath, ...args], app, bareEnvironment());
      expect(started.status, started.all).toBe(2);
      expect(started.all).toContain('kuflow.api.client-id');
    },
  );

  it.runIf(!onWindows)('leaves no process running', () => {
    expect(mark.alive()).toEqual([]);
  });
});
