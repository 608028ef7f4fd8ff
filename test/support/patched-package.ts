import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inject } from 'vitest';
import type { Migration } from '../../src/project/update/migrations.ts';
import { linkTree } from './generated-project.ts';

export interface PackagePatch {
  readonly version?: string;
  /** Texts to replace in all templates, which must contain them. */
  readonly replaced?: readonly (readonly [from: string, to: string])[];
  /** Template files to rename, by their paths in `templates/`. */
  readonly renamed?: readonly (readonly [from: string, to: string])[];
  /** Template files to add, by their paths in `templates/`. */
  readonly added?: Readonly<Record<string, string>>;
  readonly migration?: Omit<Migration, 'version'>;
}

/** Copies the packed package to `folder` with these changes. Its bins run from there. */
export function patchPackage(folder: string, patch: PackagePatch): string {
  linkTree(join(inject('cliFolder'), 'node_modules', 'create-kuflow-worker'), folder);
  const templates = join(folder, 'templates');
  const { replaced = [], renamed = [], added = {}, version, migration } = patch;
  if (version !== undefined)
    edit(join(folder, 'package.json'), (text) => text.replace(/("version": )"[^"]+"/, `$1"${version}"`));
  const files = [
    join(folder, 'dist', 'templates.js'),
    ...readdirSync(templates, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.endsWith('.hbs'))
      .map((entry) => join(entry.parentPath, entry.name)),
  ];
  for (const [from, to] of replaced) {
    // Compiled templates contain their texts as JavaScript strings.
    const forms = new Map([
      [from, to],
      [quoted(from), quoted(to)],
    ]);
    const count = files.filter((file) =>
      edit(file, (text) => [...forms].reduce((all, [old, next]) => all.replaceAll(old, () => next), text)),
    );
    if (count.length === 0) throw new Error(`The templates do not contain ${from}`);
  }
  for (const [from, to] of renamed) renameSync(join(templates, from), join(templates, to));
  for (const [path, text] of Object.entries(added)) writeFileSync(join(templates, path), text, { flag: 'wx' });
  if (migration !== undefined) addMigration(folder, migration);
  return folder;
}

/** Adds what changed in the version of the package. */
function addMigration(folder: string, migration: Omit<Migration, 'version'>): void {
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { readonly version: string };
  const dist = join(folder, 'dist');
  const added = JSON.stringify({ version, ...migration });
  const chunks = readdirSync(dist).filter(
    (name) =>
      name.endsWith('.js') &&
      edit(join(dist, name), (text) => text.replace(/\bPROJECT_MIGRATIONS\s*=\s*\[/, (start) => `${start}${added},`)),
  );
  if (chunks.length !== 1) throw new Error(`The migrations are in ${chunks.length} files of dist/`);
}

/** Replaces a file instead of writing to it, because it is a hard link. Returns whether its text changed. */
function edit(path: string, change: (text: string) => string): boolean {
  const before = readFileSync(path, 'utf8');
  const after = change(before);
  if (after === before) return false;
  rmSync(path);
  writeFileSync(path, after);
  return true;
}

function quoted(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}
