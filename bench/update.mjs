// Compares the update of a project with its creation, both without installing the dependencies.
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { create, extract, list } from 'tar';
import { inTurns, run } from './measure.mjs';

const CREATE = ['--local', '--no-install', '--no-git', '--no-check', '--yes'];
const UPDATE = ['update', '--allow-dirty', '--no-install', '--no-verify', '--json'];
/** The line that the older templates have in each of these files. */
const OLD_LINE = '// The line of the older version\n';
const CHANGED = ['eslint.config.js', 'test/replay.test.ts', 'vitest.config.ts', 'src/main.ts'];

/** Rewrites a project as if older templates had created it: other files, an older dependency, and a file that is gone. */
async function makeOlder(project) {
  const archive = join(project, '.kuflow', 'base.tgz');
  const unpacked = join(project, '..', 'base');
  await mkdir(unpacked, { recursive: true });
  await extract({ file: archive, cwd: unpacked });
  const paths = [];
  await list({ file: archive, onReadEntry: (entry) => paths.push(entry.path) });
  const change = async (path, edit) => {
    const former = edit(await readFile(join(project, path), 'utf8').catch(() => ''));
    for (const at of [join(project, path), join(unpacked, 'generated', path)]) {
      await mkdir(dirname(at), { recursive: true });
      await writeFile(at, former);
    }
  };
  for (const path of CHANGED) await change(path, (text) => OLD_LINE + text);
  await change('package.json', (text) => text.replace(/("@temporalio\/[a-z]+": )"[^"]+"/, '$1"1.0.0"'));
  await change('src/former.ts', () => OLD_LINE);
  await create({ file: archive, cwd: unpacked, gzip: true, portable: true }, [...paths, 'generated/src/former.ts']);
  await rm(unpacked, { recursive: true });
  const record = join(project, '.kuflow', 'project.json');
  const json = JSON.parse(await readFile(record, 'utf8'));
  await writeFile(record, JSON.stringify({ ...json, template: { ...json.template, version: '0.0.1' } }));
}

/** Edits of a person in the workflow, the wiring and the package file. */
async function editProject(project) {
  const edit = async (path, change) =>
    writeFile(join(project, path), change(await readFile(join(project, path), 'utf8')));
  for (const path of ['src/workflows.ts', ...CHANGED.slice(0, 2)]) await edit(path, (text) => `${text}\n// mine\n`);
  await edit('package.json', (text) =>
    text.replace('"dependencies": {', '"dependencies": {\n    "left-pad": "1.3.0",'),
  );
}

export async function measureUpdate(installed, folder, say) {
  const work = join(folder, 'update');
  await mkdir(work, { recursive: true });
  await run(process.execPath, [installed.create, 'older', ...CREATE], { cwd: work });
  const older = join(work, 'older');
  await makeOlder(older);
  await editProject(older);
  const ms = await inTurns(
    {
      create: async () => {
        const { ms: spent } = await run(process.execPath, [installed.create, 'created', ...CREATE], { cwd: work });
        await rm(join(work, 'created'), { recursive: true });
        return spent;
      },
      update: async () => {
        const project = join(work, 'updated');
        await cp(older, project, { recursive: true });
        const { ms: spent, out } = await run(process.execPath, [installed.kuflow, ...UPDATE], { cwd: project });
        const { result, files } = JSON.parse(out);
        const conflicts = files.filter(({ how }) => how === 'conflict').length;
        if (result !== 'updated' || conflicts > 0 || files.length < CHANGED.length)
          throw new Error(`The update ended as ${result} with ${files.length} files and ${conflicts} conflicts`);
        await rm(project, { recursive: true });
        return spent;
      },
    },
    15,
    { say },
  );
  return [
    {
      what: 'update a TypeScript project without conflicts, without installing and checks',
      measured: `${ms.update.toFixed(0)} ms, ${(ms.update / ms.create).toFixed(2)} × \`create\` (${ms.create.toFixed(0)} ms)`,
      target: '< 2 × `create`',
      met: ms.update < 2 * ms.create,
    },
  ];
}
