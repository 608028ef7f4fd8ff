import { displayWidth, LINE_LENGTH } from './wrap.ts';

/** A name and the module that it is imported from. Without a name, the module itself. */
export interface Import {
  readonly module: string;
  readonly name?: string;
}

const STANDARD = new Set(['asyncio', 'datetime', 'typing', 'collections.abc', 'pathlib', 'tempfile']);

const STATEMENT = String.raw`(?:from (\S+) import ([\p{L}\p{N}_, ]+)|import (\S+))\n`;
/** The first import statements of a module that are on one line each. */
const STATEMENTS = new RegExp(`^${STATEMENT}(?:\\n?${STATEMENT})*`, 'mu');
const TEXTS = /"""[^]*?"""|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|#.*/g;
const NAMES = /(?<![\p{L}\p{N}_.])[\p{L}\p{N}_]+/gu;

/** Leaves out the imports that a module of the package `own` does not use, and writes the others as `printImports` does. */
export function organizePythonImports(text: string, own: string): string {
  const used = new Set(text.replace(STATEMENTS, '').replace(TEXTS, '').match(NAMES));
  return text.replace(STATEMENTS, (statements) => {
    const all = [...statements.matchAll(new RegExp(STATEMENT, 'gu'))].flatMap(
      ([, from = '', names = '', module]): readonly Import[] =>
        module === undefined ? names.split(', ').map((name) => ({ module: from, name })) : [{ module }],
    );
    return printImports(
      all.filter(({ module, name = module }) => used.has(name)),
      own,
    );
  });
}

/** Import statements in the order and layout of `ruff`. `own`: the package of the project. */
export function printImports(imports: readonly Import[], own = '.'): string {
  const modules = new Map<string, Set<string>>();
  const whole = new Set<string>();
  for (const { module, name } of imports) {
    if (name === undefined) whole.add(module);
    else modules.set(module, (modules.get(module) ?? new Set()).add(name));
  }
  const groups = [0, 1, 2].map((group) => [
    ...[...whole].filter((module) => groupOf(module, own) === group).map((module) => `import ${module}`),
    ...[...modules]
      .filter(([module]) => groupOf(module, own) === group)
      .sort(([a], [b]) => dots(b) - dots(a) || (a < b ? -1 : 1))
      .map(([module, names]) =>
        importStatement(
          module,
          [...names].sort((a, b) => rank(a) - rank(b) || collator.compare(a, b)),
        ),
      ),
  ]);
  return groups
    .filter((lines) => lines.length > 0)
    .map((lines) => `${lines.join('\n')}\n`)
    .join('\n');
}

function importStatement(module: string, names: readonly string[]): string {
  const line = `from ${module} import ${names.join(', ')}`;
  if (displayWidth(line) <= LINE_LENGTH) return line;
  return [`from ${module} import (`, ...names.map((name) => `    ${name},`), ')'].join('\n');
}

/** Modules of Python, others, those of the project. */
function groupOf(module: string, own: string): number {
  if (module.startsWith('.') || module.split('.', 1)[0] === own) return 2;
  return STANDARD.has(module) ? 0 : 1;
}

function dots(module: string): number {
  return /^\.*/.exec(module)?.[0].length ?? 0;
}

const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

/** Constants, then classes, then other names. */
function rank(name: string): number {
  if (name.length > 1 && name === name.toUpperCase()) return 0;
  return /^\p{Lu}/u.test(name) ? 1 : 2;
}
