import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { beforeAll, describe, expect, it } from 'vitest';
import { packageVersion } from '../../../src/base/package-root.ts';
import { kuflowEntries } from '../../../src/bin/commands.ts';
import { runProgram } from '../../../src/cli/run-program.ts';
import { createProjectProbe } from '../../../src/commands/doctor/project.ts';
import { projectCommands, startCommand } from '../../../src/project/commands.ts';
import type { PackageManager } from '../../../src/languages/project-spec.ts';
import { fakeHost } from '../../support/fake-host.ts';
import { temporaryFolders } from '../../support/temporary-folder.ts';
import { writeUntouchedProject } from '../../support/untouched-project.ts';
import type { Fault, TestSetup } from '../../unit/diagnostics/matrix/fault.ts';
import { matrix } from '../../unit/diagnostics/matrix/matrix.ts';
import { diagnoseWithFaults, makeMaterials, rootsOf, type Materials } from '../../unit/diagnostics/matrix/setup.ts';

const temporaryFolder = temporaryFolders();
let materials: Materials;

beforeAll(async () => {
  materials = await makeMaterials();
});

const matrixFault = (name: string): Fault => {
  const found = matrix.flatMap(({ faults }) => faults).find((one) => one.name === name);
  if (found === undefined) throw new Error(`no fault ${name}`);
  return found;
};

/** Makes the folder a git repository with that .gitignore, and adds the `tracked` files. */
const inGit =
  (ignored: string, ...tracked: readonly string[]): Fault['make'] =>
  (setup) => {
    setup.afterwards.push(() => {
      writeFileSync(join(setup.folder, '.gitignore'), ignored);
      const git = (...args: readonly string[]) => execFileSync('git', args, { cwd: setup.folder, stdio: 'ignore' });
      git('init', '-q');
      for (const file of tracked) git('add', '-f', file);
    });
  };
/** Runs doctor in a subfolder. */
const within =
  (below: string): Fault['make'] =>
  (setup) => {
    const cwd = join(setup.folder, below);
    setup.afterwards.push(() => void mkdirSync(cwd, { recursive: true }));
    setup.request = { ...setup.request, cwd };
  };
const modes =
  (...files: readonly string[]): Fault['make'] =>
  (setup) => {
    for (const file of files) setup.modes[file] = 0o644;
  };
const key = (name: string): string => join('tls', name);

/** Runs the advised commands in the working directory; returns the root causes before and after. */
async function runAdvisedCommands(
  makes: readonly Fault['make'][],
  after: (folder: string) => void = () => undefined,
): Promise<{
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly commands: readonly string[];
}> {
  const folder = temporaryFolder();
  const faults = makes.map((make) => ({ make }));
  const first = await diagnoseWithFaults(folder, materials, faults);
  const commands = first.report.roots.flatMap(({ advice }) => advice.flatMap(({ command }) => command ?? []));
  const paste = (setup: TestSetup): void => {
    const cwd = setup.request.cwd ?? folder;
    setup.afterwards.push(async () => {
      // A session without a terminal: openssl reads the passphrase from standard input.
      for (const command of commands) await execa('sh', ['-c', command], { cwd, input: 'secret\n', detached: true });
      after(folder);
    });
  };
  const second = await diagnoseWithFaults(folder, materials, [...faults, { make: paste }]);
  return { before: rootsOf(first.report), after: rootsOf(second.report), commands };
}

const LOCAL = 'application-local.yaml\n';

describe.skipIf(process.platform === 'win32')(
  'an advised command fixes the problem when pasted in the working directory',
  () => {
    it.each<[string, string, readonly Fault['make'][]]>([
      ['a key in a subfolder that git does not ignore', 'file-not-ignored', [inGit(LOCAL)]],
      ['a key that git does not ignore, from a subfolder', 'file-not-ignored', [inGit(LOCAL), within('src/deep')]],
      ['a key tracked by git', 'file-tracked-by-git', [inGit(`${LOCAL}*.key\n`, key('client.key'))]],
      [
        'a tracked key, from a subfolder',
        'file-tracked-by-git',
        [inGit(`${LOCAL}*.key\n`, key('client.key')), within('src')],
      ],
      ['a key that other users can read', 'file-readable-by-others', [modes(key('client.key'))]],
      [
        'a key that other users can read, from a subfolder',
        'file-readable-by-others',
        [modes(key('client.key')), within('tls/x')],
      ],
      ['Windows line endings', 'certificate-crlf', [matrixFault('Windows line endings').make]],
      [
        'literal \\n instead of line breaks',
        'certificate-literal-newlines',
        [matrixFault('literal \\n instead of line breaks').make],
      ],
    ])('%s: %s', async (_name, code, makes) => {
      const { before, after } = await runAdvisedCommands(makes);
      expect(before.map((root) => root.split(' ')[2])).toEqual([code]);
      expect(after).toEqual([]);
    });

    it('converts a key to a new file that the same .gitignore rule matches', async () => {
      const makes = [matrixFault('encrypted key').make, inGit(`${LOCAL}*.key\n`)];
      const { commands, after } = await runAdvisedCommands(makes, (folder) =>
        renameSync(join(folder, 'tls', 'client.pkcs8.key'), join(folder, 'tls', 'client.key')),
      );
      expect(commands.join()).not.toMatch(/KEY|<|>/);
      expect(after).toEqual([]);
    });

    it('uses placeholders in the command for an inline key', async () => {
      const inline: Fault['make'] = async (setup) => {
        await matrixFault('encrypted key').make(setup);
        for (const [part, file] of [
          ['cert', 'client.pem'],
          ['key', 'client.key'],
          ['ca', 'ca.pem'],
        ] as const) {
          setup.settings[`temporal.mutual-tls.${part}`] = undefined;
          setup.env[`TEMPORAL_MUTUALTLS_${part.toUpperCase()}DATA`] = String(setup.files[`tls/${file}`]);
        }
      };
      const { report } = await diagnoseWithFaults(temporaryFolder(), materials, [{ make: inline }]);
      expect(report.roots.map(({ advice }) => advice[0]?.command)).toEqual([
        'openssl pkcs8 -topk8 -nocrypt -in KEY -out NEW_KEY',
      ]);
    });
  },
);

async function doctor(cwd: string, ...argv: readonly string[]): Promise<string> {
  const fake = fakeHost(['doctor', ...argv], { cwd, env: { PATH: process.env['PATH'] ?? '' } });
  const root = { name: 'kuflow', description: '', version: '0', invocation: 'kuflow', commands: kuflowEntries };
  await runProgram(root, fake.host);
  return fake.stdout();
}

async function project(packageManager: PackageManager, version = '1.0.0'): Promise<string> {
  const folder = join(temporaryFolder(), 'worker');
  await writeUntouchedProject(folder, { packageManager, version });
  return folder;
}

describe('commands in advice', () => {
  it('start this tool in the way that works in the folder', async () => {
    const outside = temporaryFolder();
    expect(await doctor(outside, '--only', 'KF-SET-001')).toContain('npx -p create-kuflow-worker kuflow dev exec --');
    mkdirSync(join(outside, 'node_modules', '.bin'), { recursive: true });
    writeFileSync(join(outside, 'node_modules', '.bin', 'kuflow'), '');
    const inside = await doctor(outside, '--only', 'KF-SET-001');
    expect(inside).toContain('npx kuflow dev exec -- npx kuflow doctor');
    expect(inside).not.toMatch(/[^x] kuflow dev/);
  });

  it.each<[PackageManager, string]>([
    ['npm', 'npm install'],
    ['pnpm', 'pnpm install'],
    ['yarn@4', 'yarn install'],
    ['bun', 'bun install'],
  ])("use the project's package manager: %s", async (manager, install) => {
    const folder = await project(manager);
    expect(await doctor(folder, '--only', 'KF-PROJ-002')).toContain(`: ${install}`);
    expect((await projectCommands(folder))?.check).toMatch(new RegExp(`^${manager.split('@')[0] ?? ''} .*check`));
  });
});

it.skipIf(process.platform === 'win32')(
  'commands in a Java project start with Maven and the script kuflow',
  async () => {
    const folder = await project('maven');
    const below = join(folder, 'src', 'main');
    expect(await startCommand(below)).toBe('./mvnw spring-boot:run');
    expect(await startCommand(temporaryFolder())).toBe('<command>');
    const run = async (...argv: readonly string[]): Promise<string> => {
      const fake = fakeHost(argv, { cwd: folder, env: { PATH: process.env['PATH'] ?? '' } });
      await runProgram(
        { name: 'kuflow', description: '', version: '0', invocation: './kuflow', commands: kuflowEntries },
        fake.host,
      );
      return fake.stderr();
    };
    expect(await run('dev', 'simulate')).toContain('./kuflow dev simulate -- ./mvnw spring-boot:run');
  },
);

it('a project knows from its definition files which processes are confidential', async () => {
  const folder = await project('npm');
  const confidential = async () => {
    const processes = await (await createProjectProbe(folder, {}, {})).processes();
    return processes.map((process) => process.confidential);
  };
  expect(await confidential()).toEqual([undefined]);
  const file = join(folder, 'kuflow.process.yaml');
  writeFileSync(file, readFileSync(file, 'utf8').replace(/^process:\n/m, 'process:\n  confidential: true\n'));
  expect(await confidential()).toEqual([true]);
});

describe('generated code and its definition', () => {
  it('are compared only if this version generated the code', async () => {
    const same = await project('npm', packageVersion());
    expect(await (await createProjectProbe(same, {}, {})).drift()).toEqual({ kind: 'compared', files: [] });
    expect(await doctor(same, '--only', 'KF-PROJ-001')).toContain('generated code is up to date');
    for (const path of ['src/process/types.ts', 'src/process/tasks.ts'].map((name) => join(same, name)))
      writeFileSync(path, readFileSync(path, 'utf8').replaceAll('\n', '\r\n'));
    expect(await doctor(same, '--only', 'KF-PROJ-001')).toContain('generated code is up to date');
    const other = await project('npm', '0.0.1');
    expect(await (await createProjectProbe(other, {}, {})).drift()).toMatchObject({
      kind: 'not-compared',
      madeBy: '0.0.1',
    });
    const output = await doctor(other, '--only', 'KF-PROJ-001');
    expect(output).toContain('not compared: it comes from version 0.0.1');
    expect(output).not.toContain('generated code is up to date');
  });

  it('are not compared if the definition is invalid, which is reported on one line', async () => {
    const folder = await project('npm', packageVersion());
    const file = join(folder, 'kuflow.process.yaml');
    writeFileSync(
      file,
      'process: { code: A }\nworkflow: { type: T, task-queue: Q, x: 1 }\ntasks: [{ code: A, kind: humn }]\n',
    );
    const output = await doctor(folder, '--only', 'KF-PROJ-001');
    expect(output).toMatch(/kuflow\.process\.yaml is not a valid process definition: \S+:2:\d+ .+; \S+:3:\d+ .+/);
    expect(output).not.toContain('\\u{a}');
  });
});
