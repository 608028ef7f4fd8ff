import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../base/package-root.ts';
import { sortByPath } from '../../base/sort-by-path.ts';
import type { LanguageId } from '../language-ids.ts';

// npm does not publish these files, so they have other names in the package.
const PACKAGED_NAMES: Readonly<Record<string, string>> = { _gitignore: '.gitignore', _npmrc: '.npmrc' };

/** The programs of the templates of this package. */
const EXECUTABLE: ReadonlySet<string> = new Set(['mvnw', 'kuflow']);

export interface TemplateFile {
  readonly path: string;
  readonly contents: Buffer;
  /** Undefined for a file that is copied. */
  readonly render: ((context: object) => string) | undefined;
  /** Whether it is a program that people start. npm does not keep the modes of packed files. */
  readonly executable: boolean;
  /** Whether it is from a user's own template. */
  readonly isOwn: boolean;
}

export function templatesFolder(): string {
  return join(packageRoot(), 'templates');
}

/**
 * The template files of a language, sorted by path. They override the shared files. `renderer`: how the template with a name such as
 * `shared/README.md.hbs` is rendered.
 */
export function readTemplateFiles(
  language: LanguageId,
  renderer: (name: string) => TemplateFile['render'],
): readonly TemplateFile[] {
  const byPath = new Map<string, TemplateFile>();
  for (const part of ['shared', language]) {
    const folder = join(templatesFolder(), part);
    for (const name of listFiles(folder)) {
      const { path, rendered } = parseTemplateName(name);
      const contents = readFileSync(join(folder, name));
      const render = rendered ? renderer(`${part}/${name}`) : undefined;
      byPath.set(path, { path, contents, render, executable: EXECUTABLE.has(path), isOwn: false });
    }
  }
  return sortByPath([...byPath.values()]);
}

export function parseTemplateName(name: string): { readonly path: string; readonly rendered: boolean } {
  const rendered = name.endsWith('.hbs');
  const parts = (rendered ? name.slice(0, -'.hbs'.length) : name).split('/');
  const last = parts.pop() ?? '';
  const packaged = Object.hasOwn(PACKAGED_NAMES, last) ? PACKAGED_NAMES[last] : undefined;
  return { path: [...parts, packaged ?? last].join('/'), rendered };
}

/** What installing, building or checking leaves in the folder of a template. */
export const TEMPLATE_OUTPUT: ReadonlySet<string> = new Set(
  'node_modules dist target .venv __pycache__ .mypy_cache .pytest_cache .ruff_cache'.split(' '),
);

/** Relative paths with `/`, sorted. */
export function listFiles(folder: string, prefix = ''): readonly string[] {
  return readdirSync(join(folder, prefix), { withFileTypes: true })
    .flatMap((entry) => {
      const path = prefix === '' ? entry.name : `${prefix}/${entry.name}`;
      if (entry.isDirectory()) return TEMPLATE_OUTPUT.has(entry.name) ? [] : listFiles(folder, path);
      return [path];
    })
    .sort();
}
