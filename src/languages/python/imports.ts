import { displayWidth, LINE_LENGTH } from './layout.ts';

/** A name and the module that it is imported from. Without a name, the module itself. */
export interface Import {
  readonly module: string;
  readonly name?: string;
}

const MODULES: readonly (readonly [module: string, names: readonly string[]])[] = [
  ['typing', ['Any', 'Literal', 'Never', 'NotRequired', 'TypeAlias', 'TypedDict', 'cast']],
  ['kuflow_worker', ['KuFlowFile', 'KuFlowGroup', 'KuFlowPrincipal']],
];
const STANDARD = new Set(['asyncio', 'datetime', 'typing', 'collections.abc', 'pathlib', 'tempfile']);

/** What generated Python code must import, found by the names in it. */
export function pythonImportsOf(code: string): readonly Import[] {
  const bare = code.replace(/"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|#.*/g, '');
  const names = new Set(bare.match(/(?<![\p{L}\p{N}_.])[A-Za-z]+(?![\p{L}\p{N}_])/gu) ?? []);
  return MODULES.flatMap(([module, known]) =>
    known.filter((name) => names.has(name)).map((name) => ({ module, name })),
  );
}

/** Import statements in the order and layout of `ruff`. */
export function printImports(imports: readonly Import[]): string {
  const modules = new Map<string, Set<string>>();
  const whole = new Set<string>();
  for (const { module, name } of imports) {
    if (name === undefined) whole.add(module);
    else modules.set(module, (modules.get(module) ?? new Set()).add(name));
  }
  const groups = [0, 1, 2].map((group) => [
    ...[...whole].filter((module) => groupOf(module) === group).map((module) => `import ${module}`),
    ...[...modules]
      .filter(([module]) => groupOf(module) === group)
      .sort(([a], [b]) => dots(b) - dots(a) || (a < b ? -1 : 1))
      .map(([module, names]) => importStatement(module, [...names].sort(compareNames))),
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
function groupOf(module: string): number {
  if (module.startsWith('.')) return 2;
  return STANDARD.has(module) ? 0 : 1;
}

function dots(module: string): number {
  return /^\.*/.exec(module)?.[0].length ?? 0;
}

/** Constants, then classes, then other names. */
function compareNames(a: string, b: string): number {
  return rank(a) - rank(b) || collator.compare(a, b);
}

const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

function rank(name: string): number {
  if (name.length > 1 && name === name.toUpperCase()) return 0;
  return /^\p{Lu}/u.test(name) ? 1 : 2;
}
