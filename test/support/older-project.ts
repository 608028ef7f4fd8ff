import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { textOf, textFile, type PlannedFile } from '../../src/languages/planned-file.ts';
import type { PackageManager, ProjectSpec } from '../../src/languages/project-spec.ts';
import { baseOf, renderBaseFile } from '../../src/project/base-archive.ts';
import { renderRecordFile } from '../../src/project/record.ts';
import { renderProject } from '../../src/project/render.ts';
import { untouchedSpec } from './untouched-project.ts';

/** How the templates of the older version differ from those of this version, by path. */
export interface OlderTemplates {
  /** Returns the older text of a file that both versions have. */
  readonly changed?: Readonly<Record<string, (text: string) => string>>;
  /** Files that only the older version has. */
  readonly removed?: Readonly<Record<string, string>>;
  /** Files that have another path in the older version. */
  readonly renamed?: Readonly<Record<string, string>>;
  /** Files that the older version does not have. */
  readonly added?: readonly string[];
  /** Files with other permissions in the older version. */
  readonly modes?: Readonly<Record<string, PlannedFile['mode']>>;
}

/** Writes a project as an older version with other templates would have created it. Returns its files. */
export async function writeOlderProject(
  folder: string,
  older: OlderTemplates,
  options: {
    readonly packageManager?: PackageManager;
    readonly version?: string;
    readonly spec?: Partial<ProjectSpec>;
  } = {},
): Promise<readonly PlannedFile[]> {
  const { packageManager = 'npm', version = '0.9.0' } = options;
  const spec: ProjectSpec = { ...untouchedSpec(packageManager), cliPackage: version, ...options.spec };
  const files = transform(await renderProject(spec), older);
  const all = [
    ...files,
    renderRecordFile(spec, { version, command: 'npx create-kuflow-worker worker' }),
    await renderBaseFile(baseOf(files, spec.template?.files)),
  ];
  for (const { path, contents, mode } of all) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), contents);
    chmodSync(join(folder, path), mode);
  }
  return files;
}

function transform(files: readonly PlannedFile[], older: OlderTemplates): readonly PlannedFile[] {
  const { changed = {}, removed = {}, renamed = {}, added = [], modes = {} } = older;
  for (const path of [...Object.keys(changed), ...Object.keys(renamed), ...Object.keys(modes), ...added])
    if (!files.some((file) => file.path === path)) throw new Error(`The templates do not have ${path}`);
  const present = files
    .filter(({ path }) => !added.includes(path))
    .map((file) => {
      const { path, contents, mode } = file;
      const change = changed[path];
      const text = change === undefined ? contents : Buffer.from(change(textOf(file)));
      return { path: renamed[path] ?? path, contents: text, mode: modes[path] ?? mode };
    });
  return [...present, ...Object.entries(removed).map(([path, text]) => textFile(path, text))];
}
