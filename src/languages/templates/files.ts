import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../base/package-root.ts';
import type { LanguageId } from '../names.ts';

// npm does not publish these files, so they have other names in the package.
const PACKAGED_NAMES: Readonly<Record<string, string>> = { _gitignore: '.gitignore', _npmrc: '.npmrc' };

export interface TemplateFile {
  /** The key of a compiled template, such as `typescript/src/main.ts` or `shared/README.md.hbs`. */
  readonly key: string;
  /** Path in the project. */
  readonly path: string;
  readonly contents: Buffer;
  readonly rendered: boolean;
}

export function templatesFolder(): string {
  return join(packageRoot(), 'templates');
}

/** The template files of a language, sorted by path. They override the shared files. */
export function readTemplateFiles(language: LanguageId, folder: string = templatesFolder()): readonly TemplateFile[] {
  const byPath = new Map<string, TemplateFile>();
  for (const part of ['shared', language]) {
    for (const name of listFiles(join(folder, part))) {
      const rendered = name.endsWith('.hbs');
      const path = projectPath(rendered ? name.slice(0, -'.hbs'.length) : name);
      byPath.set(path, { key: `${part}/${name}`, path, contents: readFileSync(join(folder, part, name)), rendered });
    }
  }
  return [...byPath.values()].sort((one, other) => (one.path < other.path ? -1 : 1));
}

function projectPath(name: string): string {
  const parts = name.split('/');
  const last = parts.pop() ?? '';
  return [...parts, PACKAGED_NAMES[last] ?? last].join('/');
}

/** What installing, building or checking leaves in the folder of a template. */
const OUTPUT: ReadonlySet<string> = new Set(
  'node_modules dist target .venv __pycache__ .mypy_cache .pytest_cache .ruff_cache'.split(' '),
);

/** Relative paths with `/`, sorted. */
export function listFiles(folder: string, prefix = ''): readonly string[] {
  return readdirSync(join(folder, prefix), { withFileTypes: true })
    .flatMap((entry) => {
      const path = prefix === '' ? entry.name : `${prefix}/${entry.name}`;
      if (entry.isDirectory()) return OUTPUT.has(entry.name) ? [] : listFiles(folder, path);
      return [path];
    })
    .sort();
}
