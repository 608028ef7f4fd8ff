import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { addToProject } from '../../../../src/commands/add/add-to-project.ts';
import { languageOf } from '../../../../src/languages/all-languages.ts';
import { loadDefinition } from '../../../../src/process/definition/file.ts';
import { renderDefinition } from '../../../../src/process/definition/render-definition.ts';
import { requireWorkflow, type TaskDefinition, type WorkerDefinition } from '../../../../src/process/definition.ts';
import { textOf } from '../../../../src/languages/planned-file.ts';
import { compareCode, openProject, toProjectSpec } from '../../../../src/project/edit/open-project.ts';
import { regenerateDefinitionCode, type Regeneration } from '../../../../src/project/edit/regenerate.ts';
import { renderProject } from '../../../../src/project/render.ts';
import { readBaseTexts } from '../../../support/project-base.ts';
import { projectFiles } from '../../../support/project-files.ts';
import { temporaryFolders } from '../../../support/temporary-folder.ts';
import { treeOf } from '../../../support/tree.ts';
import { writeUntouchedProject } from '../../../support/untouched-project.ts';

const temporaryFolder = temporaryFolders();
const VERSION = '1.0.0';
const JAVA = 'src/main/java/com/acme/loan/loan';

const LANGUAGES = [
  {
    packageManager: 'npm',
    types: 'src/process/types.ts',
    actions: [],
    all: ['src/process/tasks.ts', 'src/process/types.ts', 'src/process/validators.ts'],
  },
  {
    packageManager: 'maven',
    types: `${JAVA}/LoanTypes.java`,
    actions: [`${JAVA}/LoanActions.java`],
    all: [`${JAVA}/LoanTasks.java`, `${JAVA}/LoanTypes.java`, 'src/main/resources/kuflow/schemas/loan.json'],
  },
  {
    packageManager: 'uv',
    types: 'src/acme_loans/loan/types.py',
    actions: [],
    all: ['src/acme_loans/loan/schemas.json', 'src/acme_loans/loan/tasks.py', 'src/acme_loans/loan/types.py'],
  },
] as const;

const REVIEW: TaskDefinition = {
  code: 'REVIEW',
  kind: 'system',
  data: { schema: { type: 'object', properties: { grade: { type: 'string' } }, required: ['grade'] } },
};

describe.each(LANGUAGES)('regenerating the code of a project built with $packageManager', (language) => {
  let folder: string;
  const { read } = projectFiles(() => folder);

  const load = async (): Promise<WorkerDefinition> =>
    requireWorkflow(await loadDefinition(join(folder, 'kuflow.process.yaml')));
  /** Saves a definition, and regenerates the code as `kuflow dev` does. */
  async function save(change: (definition: WorkerDefinition) => WorkerDefinition): Promise<Regeneration> {
    const before = await load();
    writeFileSync(join(folder, 'kuflow.process.yaml'), renderDefinition(change(before)));
    return regenerateDefinitionCode({ folder, env: {}, version: VERSION, before: [before] });
  }
  const addReview = (definition: WorkerDefinition): WorkerDefinition => ({
    ...definition,
    tasks: [REVIEW, ...definition.tasks],
  });
  const withoutReview = (definition: WorkerDefinition): WorkerDefinition => ({
    ...definition,
    tasks: definition.tasks.filter(({ code }) => code !== 'REVIEW'),
  });
  const sorted = ({ written, left }: Regeneration): object => ({ written: written.toSorted(), left });

  /** The files, by default those that follow from the definition, are as the templates render them. */
  async function expectRendered(paths: readonly string[] = language.all): Promise<void> {
    const project = await openProject(folder, {}, VERSION);
    const rendered = await renderProject(toProjectSpec(project, project.processes));
    for (const path of paths)
      expect(existsSync(join(folder, path)) ? read(path) : undefined, path).toBe(
        textOf(rendered.find((file) => file.path === path)),
      );
  }

  beforeEach(async () => {
    folder = join(temporaryFolder(), 'worker');
    await writeUntouchedProject(folder, { packageManager: language.packageManager });
  });

  it('lists every file that follows from the definition', async () => {
    const { record, processes } = await openProject(folder, {}, VERSION);
    expect(processes[0].layout.code.filter(languageOf(record).code.isDefinitionCode).toSorted()).toEqual([
      ...language.actions,
      ...language.all,
    ]);
  });

  it('renders exactly these files again, and changes nothing else except the state of the project', async () => {
    const before = treeOf(folder);
    expect(sorted(await save(addReview))).toEqual({ written: language.all, left: [] });
    await expectRendered();
    expect(read(language.types)).toContain('grade');
    const after = treeOf(folder);
    const changed = [...after.keys()].filter((path) => after.get(path) !== before.get(path));
    expect(changed.toSorted()).toEqual(
      [...language.all, '.kuflow/base.tgz', '.kuflow/project.json', 'kuflow.process.yaml'].toSorted(),
    );
    expect([...before.keys()].every((path) => after.has(path))).toBe(true);
    expect(sorted(await save(withoutReview))).toEqual({ written: language.all, left: [] });
    expect(treeOf(folder).get(language.types)).toBe(before.get(language.types));
    expect((await readBaseTexts(folder)).regenerated.size).toBe(0);
  });

  it('leaves a file that somebody edited, and names it only when it has to change', async () => {
    const mine = `${read(language.types)}\n`;
    writeFileSync(join(folder, language.types), mine);
    expect(sorted(await save(addReview))).toEqual({
      written: language.all.filter((path) => path !== language.types),
      left: [{ path: language.types, reason: 'has local changes' }],
    });
    expect(read(language.types)).toBe(mine);
    expect(
      sorted(
        await save((definition) => ({
          ...definition,
          process: { ...definition.process, name: 'Another name' },
        })),
      ),
    ).toMatchObject({ left: [] });
  });

  it('does not create a file that somebody deleted', async () => {
    rmSync(join(folder, language.types));
    expect((await save(addReview)).left).toEqual([{ path: language.types, reason: 'no longer exists' }]);
  });

  it('changes nothing while the record of what was generated is in conflict, as during a merge', async () => {
    writeFileSync(join(folder, '.kuflow', 'base.tgz'), '<<<<<<< HEAD');
    const before = treeOf(folder);
    await expect(save(addReview)).rejects.toMatchObject({ name: 'KnownError' });
    const changed = [...treeOf(folder)].filter(([path, text]) => before.get(path) !== text).map(([path]) => path);
    expect(changed).toEqual(['kuflow.process.yaml']);
  });

  it('keeps the line endings of a file', async () => {
    writeFileSync(join(folder, language.types), read(language.types).replaceAll('\n', '\r\n'));
    expect((await save(addReview)).written).toContain(language.types);
    expect(read(language.types).replaceAll('\r\n', '')).not.toContain('\n');
    expect(read(language.types)).toContain('grade');
  });

  it('keeps the ending of one line', async () => {
    writeFileSync(join(folder, language.types), read(language.types).replace('\n', '\r\n'));
    expect((await save(addReview)).written).toContain(language.types);
    expect(read(language.types).match(/.*\r\n/g)).toEqual([expect.any(String)]);
    expect(read(language.types)).toContain('grade');
  });

  it('recognizes its own files after the definition was also edited while nothing followed it', async () => {
    await save(addReview);
    expect(await compareCode(await openProject(folder, {}, VERSION))).toEqual([]);
    writeFileSync(join(folder, 'kuflow.process.yaml'), renderDefinition(withoutReview(await load())));
    const second = { ...REVIEW, code: 'SECOND' };
    expect(sorted(await save((definition) => ({ ...definition, tasks: [...definition.tasks, second] })))).toEqual({
      written: language.all,
      left: [],
    });
    await expectRendered();
  });

  it('is continued by kuflow add, without a file that counts as edited', async () => {
    await save(addReview);
    const project = await openProject(folder, {}, VERSION);
    const result = await addToProject({
      project,
      addition: { kind: 'task', process: project.processes[0], task: { code: 'LAST', kind: 'human' } },
      ...{ cwd: folder, edit: [], dryRun: false, command: '', invocation: 'kuflow' },
    });
    expect(result.files.filter(({ action }) => action !== 'written')).toEqual([]);
    await expectRendered();
    await expectRendered((await openProject(folder, {}, VERSION)).processes[0].layout.code);
    expect((await readBaseTexts(folder)).regenerated.size).toBe(0);
  });
});
