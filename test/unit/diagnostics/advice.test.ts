import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { packageVersion } from '../../../src/base/package-root.ts';
import { kuflowEntries } from '../../../src/bin/commands.ts';
import { runProgram } from '../../../src/cli/run-program.ts';
import { projectCommands, projectView } from '../../../src/commands/doctor/project.ts';
import type { PackageManager } from '../../../src/languages/project-spec.ts';
import { fakeHost } from '../../support/fake-host.ts';
import { temporaryFolders } from '../../support/temporary-folder.ts';
import { writeUntouchedProject } from '../../support/untouched-project.ts';
import type { Fault, World } from './matrix/fault.ts';
import { matrix } from './matrix/matrix.ts';
import { examineWorld, makeMaterials, rootsOf, type Materials } from './matrix/world.ts';

const temporaryFolder = temporaryFolders();
let materials: Materials;

beforeAll(async () => {
  materials = await makeMaterials();
});

const ofMatrix = (name: string): Fault => {
  const found = matrix.flatMap(({ faults }) => faults).find((one) => one.name === name);
  if (found === undefined) throw new Error(`no fault ${name}`);
  return found;
};

/** Git knows the whole folder; the named files are not ignored, and in its index where that is asked for. */
const inGit =
  (ignored: string, ...tracked: readonly string[]): Fault['make'] =>
  (world) => {
    world.afterwards.push(() => {
      writeFileSync(join(world.folder, '.gitignore'), ignored);
      const git = (...args: readonly string[]) => execFileSync('git', args, { cwd: world.folder, stdio: 'ignore' });
      git('init', '-q');
      for (const file of tracked) git('add', '-f', file);
    });
  };
/** Called in a folder of the project, as people do. */
const within =
  (below: string): Fault['make'] =>
  (world) => {
    const cwd = join(world.folder, below);
    world.afterwards.push(() => void mkdirSync(cwd, { recursive: true }));
    world.request = { ...world.request, cwd };
  };
const modes =
  (...files: readonly string[]): Fault['make'] =>
  (world) => {
    for (const file of files) world.modes[file] = 0o644;
  };
const key = (name: string): string => join('tls', name);

/** The commands that are advised, run where the person is, then what the doctor says. */
async function pasted(
  makes: readonly Fault['make'][],
  after: (folder: string) => void = () => undefined,
): Promise<{
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly commands: readonly string[];
}> {
  const folder = temporaryFolder();
  const faults = makes.map((make) => ({ make }));
  const first = await examineWorld(folder, materials, faults);
  const commands = first.report.roots.flatMap(({ advice }) => advice.flatMap(({ command }) => command ?? []));
  const paste = (world: World): void => {
    const cwd = world.request.cwd ?? folder;
    world.afterwards.push(() => {
      for (const command of commands) execFileSync('sh', ['-c', command], { cwd });
      after(folder);
    });
  };
  const second = await examineWorld(folder, materials, [...faults, { make: paste }]);
  return { before: rootsOf(first.report), after: rootsOf(second.report), commands };
}

const LOCAL = 'application-local.yaml\n';

describe.skipIf(process.platform === 'win32')(
  'a command that is advised does what it says, pasted where doctor was called',
  () => {
    it.each<[string, string, readonly Fault['make'][]]>([
      ['a key in a folder of its own that git does not ignore', 'file-not-ignored', [inGit(LOCAL)]],
      ['the same, from a folder below', 'file-not-ignored', [inGit(LOCAL), within('src/deep')]],
      ['a key that git tracks', 'file-tracked-by-git', [inGit(`${LOCAL}*.key\n`, key('client.key'))]],
      [
        'the same, from a folder below',
        'file-tracked-by-git',
        [inGit(`${LOCAL}*.key\n`, key('client.key')), within('src')],
      ],
      ['a key that others may read', 'file-readable-by-others', [modes(key('client.key'))]],
      ['the same, from a folder below', 'file-readable-by-others', [modes(key('client.key')), within('tls/x')]],
      ['line ends of Windows', 'certificate-crlf', [ofMatrix('line ends of Windows').make]],
      ['\\n in place of line breaks', 'certificate-literal-newlines', [ofMatrix('\\n in place of line breaks').make]],
    ])('%s: %s', async (_name, code, makes) => {
      const { before, after } = await pasted(makes);
      expect(before.map((root) => root.split(' ')[2])).toEqual([code]);
      expect(after).toEqual([]);
    });

    it('converts a key, beside the old one and under a name that the same rule of git fits', async () => {
      const makes = [ofMatrix('PKCS#1 key').make, inGit(`${LOCAL}*.key\n`)];
      const { commands, after } = await pasted(makes, (folder) =>
        renameSync(join(folder, 'tls', 'client.pkcs8.key'), join(folder, 'tls', 'client.key')),
      );
      expect(commands.join()).not.toMatch(/KEY|<|>/);
      expect(after).toEqual([]);
    });

    it('names what has no name where a key stands inline', async () => {
      const inline: Fault['make'] = async (world) => {
        await ofMatrix('PKCS#1 key').make(world);
        for (const [part, file] of [
          ['cert', 'client.pem'],
          ['key', 'client.key'],
          ['ca', 'ca.pem'],
        ] as const) {
          world.settings[`temporal.mutual-tls.${part}`] = undefined;
          world.env[`TEMPORAL_MUTUALTLS_${part.toUpperCase()}DATA`] = String(world.files[`tls/${file}`]);
        }
      };
      const { report } = await examineWorld(temporaryFolder(), materials, [{ make: inline }]);
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
  it('start this tool as the folder can', async () => {
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
  ])("are those of the project's package manager: %s", async (manager, install) => {
    const folder = await project(manager);
    expect(await doctor(folder, '--only', 'KF-PROJ-002')).toContain(`: ${install}`);
    expect((await projectCommands(folder))?.check).toMatch(new RegExp(`^${manager.split('@')[0] ?? ''} .*check`));
  });
});

describe('generated code beside its definition', () => {
  it('is compared where this version made it, and told to be not compared where another did', async () => {
    const same = await project('npm', packageVersion());
    expect(await projectView(same, {}, {}).drift()).toEqual({ kind: 'compared', files: [] });
    expect(await doctor(same, '--only', 'KF-PROJ-001')).toContain('as generated');
    const other = await project('npm', '0.0.1');
    expect(await projectView(other, {}, {}).drift()).toMatchObject({ kind: 'not-compared', madeBy: '0.0.1' });
    const said = await doctor(other, '--only', 'KF-PROJ-001');
    expect(said).toContain('not compared: version 0.0.1');
    expect(said).not.toContain('as generated');
  });

  it('is not looked for beside a definition with mistakes, which are named on one line', async () => {
    const folder = await project('npm', packageVersion());
    const file = join(folder, 'kuflow.process.yaml');
    writeFileSync(
      file,
      'process: { code: A }\nworkflow: { type: T, task-queue: Q, x: 1 }\ntasks: [{ code: A, kind: humn }]\n',
    );
    const said = await doctor(folder, '--only', 'KF-PROJ-001');
    expect(said).toMatch(/kuflow\.process\.yaml is no usable process definition: \S+:2:\d+ .+; \S+:3:\d+ .+/);
    expect(said).not.toContain('\\u{a}');
  });
});
