import { readFileSync, readdirSync } from 'node:fs';
import { join, posix, relative, sep } from 'node:path';
import ts from 'typescript';

/** Every TypeScript file under `src/`, as paths with `/` relative to `root`. */
export function sourceFiles(root) {
  return readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name) && !entry.name.endsWith('.d.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();
}

/** The parsed imports and exported names of a file. */
function parse(path, text) {
  const imports = [];
  const exports = [];
  const literals = [];
  const visit = (node) => {
    if (ts.isImportDeclaration(node)) {
      imports.push({ specifier: node.moduleSpecifier.text, kind: bindsOnlyTypes(node) ? 'type' : 'value' });
    } else if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined) {
      imports.push({
        specifier: node.moduleSpecifier.text,
        kind: node.isTypeOnly ? 'type' : 'value',
        reExport: true,
      });
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const [argument] = node.arguments;
      if (argument !== undefined && ts.isStringLiteralLike(argument))
        imports.push({ specifier: argument.text, kind: 'lazy' });
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      imports.push({ specifier: node.argument.literal.text, kind: 'type' });
    } else if (ts.isStringLiteralLike(node)) {
      literals.push(node.text);
    }
    if (ts.canHaveModifiers(node) && node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword))
      exports.push(...declaredNames(node));
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest, false));
  return { imports, exports: [...new Set(exports)], literals };
}

function bindsOnlyTypes({ importClause }) {
  if (importClause === undefined) return false;
  if (importClause.isTypeOnly) return true;
  const { name, namedBindings } = importClause;
  return (
    name === undefined &&
    namedBindings !== undefined &&
    ts.isNamedImports(namedBindings) &&
    namedBindings.elements.length > 0 &&
    namedBindings.elements.every((element) => element.isTypeOnly)
  );
}

function declaredNames(node) {
  if (ts.isVariableStatement(node))
    return node.declarationList.declarations.map(({ name }) => name.text).filter((name) => name !== undefined);
  return node.name === undefined ? [] : [node.name.text];
}

/** `src/commands/dev/run-exec.ts` belongs to the module `commands/dev`; `src/engine/rpc.ts` to `engine`. */
function moduleOf(path) {
  const [, first, second] = path.split('/');
  return first === 'commands' ? `commands/${second}` : first;
}

const matchesAny = (path, patterns) => patterns.some((pattern) => new RegExp(pattern).test(path));

/**
 * Problems of the source tree under `root` against `config` (`architecture.json`), one line each.
 * @returns {string[]}
 */
export function checkSources(root, config) {
  const graph = readGraph(root);
  return [
    ...[...graph].flatMap(([path, file]) => [
      ...fileProblems(path, file, config),
      ...file.targets.flatMap((target) => importProblems(path, target, config, graph)),
    ]),
    ...unreachableProblems(graph, config),
    ...duplicateExports(graph, config),
    ...cycles(importsOfFiles(graph), 'cycle'),
    ...cycles(importsOfFolders(graph), 'folders in a circle'),
  ];
}

function readGraph(root) {
  return new Map(
    sourceFiles(root).map((path) => {
      const { imports, exports, literals } = parse(path, readFileSync(join(root, path), 'utf8'));
      const targets = imports
        .filter(({ specifier }) => specifier.startsWith('.'))
        .map(({ specifier, ...rest }) => ({
          target: posix.normalize(posix.join(posix.dirname(path), specifier)),
          ...rest,
        }));
      const packages = imports.filter(({ specifier }) => !specifier.startsWith('.'));
      return [path, { targets, packages, exports, literals }];
    }),
  );
}

function fileProblems(path, { targets, packages, literals }, config) {
  const module = moduleOf(path);
  const problems = [];
  if (!config.levels.flat().includes(module)) problems.push(`${path}: ${module} is not a module of the architecture`);
  if (posix.basename(path) === 'index.ts')
    problems.push(`${path}: no index.ts; import the file that declares the name`);
  for (const { reExport, target } of targets)
    if (reExport && !config.publicEntries.includes(path))
      problems.push(`${path}: re-exports ${target}; import it where it is used`);
  for (const { specifier } of packages) {
    if (module === 'base' && !specifier.startsWith('node:'))
      problems.push(`${path}: base imports node: only, not ${specifier}`);
    const allowed = config.closed[module]?.packages;
    if (allowed !== undefined && !matches(specifier, allowed))
      problems.push(`${path}: ${module} may not import ${specifier} (scripts/architecture.json)`);
  }
  for (const { literal, module: owner } of config.ownedLiterals)
    if (module !== owner && literals.includes(literal))
      problems.push(`${path}: '${literal}' is written only in ${owner}`);
  if (matchesAny(path, config.optionFiles.files)) {
    for (const { specifier, kind } of packages)
      if (kind === 'value' && specifier !== 'commander')
        problems.push(`${path}: loads ${specifier} with the options; import it in run.ts`);
  }
  return problems;
}

function importProblems(path, { target, kind }, config, graph) {
  if (!target.startsWith('src/')) return [];
  const problems = [];
  const from = moduleOf(path);
  const to = moduleOf(target);
  const level = (module) => config.levels.findIndex((modules) => modules.includes(module));
  if (from !== to && level(from) !== -1 && level(to) !== -1) {
    if (level(to) < level(from)) problems.push(`${path}: ${from} is below ${to} and imports ${target}`);
    if (level(to) === level(from))
      problems.push(`${path}: ${from} and ${to} are on one level, but it imports ${target}`);
  }
  const closed = config.closed[from];
  if (from !== to && closed !== undefined && !matchesAny(target, kind === 'type' ? closed.types : closed.values))
    problems.push(`${path}: ${from} may not import ${kind === 'type' ? 'types' : 'values'} of ${target}`);
  const isInCommand = from !== to && to.startsWith('commands/');
  if (isInCommand && kind !== 'type' && !matchesAny(target, config.commandEntries))
    problems.push(`${path}: ${target} is not an entry file of ${to} (scripts/architecture.json)`);
  if (to === 'terminal' && from !== 'terminal') {
    const { values, types } = config.terminalImporters;
    if (kind !== 'type' && !matchesAny(path, values))
      problems.push(`${path}: only run and view files import values of terminal (${target})`);
    if (kind === 'type' && !matchesAny(path, [...values, ...types]))
      problems.push(`${path}: may not import types of terminal (${target})`);
  }
  const { files, values } = config.optionFiles;
  if (kind === 'value' && matchesAny(path, files) && !matchesAny(target, values) && !isConstants(graph.get(target)))
    problems.push(`${path}: loads ${target} with the options; import it in run.ts`);
  if (kind === 'value' && matchesAny(target, config.lazyFiles))
    problems.push(`${path}: ${target} is loaded by import() only`);
  return problems;
}

/** A file that loads nothing: it may be imported where nothing heavy may be. */
const isConstants = (file) =>
  file !== undefined && [...file.targets, ...file.packages].every(({ kind }) => kind === 'type');

function unreachableProblems(graph, config) {
  return config.unreachable.flatMap(({ from, modules }) => {
    const seen = new Set();
    const problems = [];
    const visit = (path, trail) => {
      if (seen.has(path)) return;
      seen.add(path);
      const through = [...trail, path];
      const module = path.split('/')[1];
      if (modules.includes(module)) problems.push(`${from} reaches ${module}: ${through.join(' -> ')}`);
      else for (const { target, kind } of graph.get(path)?.targets ?? []) if (kind !== 'type') visit(target, through);
    };
    visit(from, []);
    return problems;
  });
}

function duplicateExports(graph, config) {
  const declared = new Map();
  for (const [path, { exports }] of graph)
    for (const name of exports) declared.set(name, [...(declared.get(name) ?? []), path]);
  return [...declared]
    .filter(([name, paths]) => paths.length > 1 && !config.repeatableExports.includes(name))
    .map(([name, paths]) => `${name} is exported by ${paths.join(' and ')}; one name means one thing`);
}

const importsOfFiles = (graph) =>
  new Map([...graph].map(([path, { targets }]) => [path, targets.map(({ target }) => target)]));

/** A folder and those inside it are one thing here: files at its top may use those in its folders, and the other way round. */
function importsOfFolders(graph) {
  const folders = new Map();
  for (const [path, { targets }] of graph) {
    const from = posix.dirname(path);
    const all = folders.get(from) ?? new Set();
    for (const { target } of targets) {
      const to = posix.dirname(target);
      if (graph.has(target) && !`${from}/`.startsWith(`${to}/`) && !`${to}/`.startsWith(`${from}/`)) all.add(to);
    }
    folders.set(from, all);
  }
  return folders;
}

/** Strongly connected files or folders, over value, lazy and type-only imports alike (Tarjan). */
function cycles(graph, what) {
  const index = new Map();
  const low = new Map();
  const stack = [];
  const problems = [];
  const visit = (path) => {
    index.set(path, index.size);
    low.set(path, index.get(path));
    stack.push(path);
    for (const target of graph.get(path) ?? []) {
      if (!graph.has(target)) continue;
      if (target === path) problems.push(`${what}: ${path} imports itself`);
      else if (!index.has(target)) {
        visit(target);
        low.set(path, Math.min(low.get(path), low.get(target)));
      } else if (stack.includes(target)) low.set(path, Math.min(low.get(path), index.get(target)));
    }
    if (low.get(path) !== index.get(path)) return;
    const members = stack.splice(stack.indexOf(path));
    if (members.length > 1) problems.push(`${what}: ${members.join(' -> ')} -> ${path}`);
  };
  for (const path of graph.keys()) if (!index.has(path)) visit(path);
  return problems;
}

const packageOf = (input) => /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules\/)/.exec(input)?.[1];

function matches(name, patterns) {
  return patterns.some((pattern) =>
    pattern.endsWith('/*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern,
  );
}

/** The packages whose code is loaded at once, by static imports, when the bundled `entry` starts. */
export function packagesAtStart(metafile, entry) {
  const start = Object.entries(metafile.outputs).find(([, output]) => output.entryPoint === entry)?.[0];
  if (start === undefined) return undefined;
  const seen = new Set();
  const packages = new Set();
  const visit = (name) => {
    const output = metafile.outputs[name];
    if (output === undefined || seen.has(name)) return;
    seen.add(name);
    for (const input of Object.keys(output.inputs)) {
      const found = packageOf(input);
      if (found !== undefined) packages.add(found);
    }
    for (const { path, kind } of output.imports) if (kind === 'import-statement') visit(path);
  };
  visit(start);
  return [...packages].sort();
}

/**
 * Problems of the bundle: a heavy package that a bin loads at once, a package in an entry that should need only Node.
 * @returns {string[]}
 */
export function checkBundle(metafile, config) {
  const problems = [];
  for (const entry of config.bins) {
    for (const name of packagesAtStart(metafile, entry) ?? []) {
      if (matches(name, config.heavy))
        problems.push(`${entry}: loads ${name} at start; it belongs behind a dynamic import`);
    }
  }
  for (const entry of config.nodeOnly) {
    for (const name of packagesAtStart(metafile, entry) ?? [])
      problems.push(`${entry}: imports node: only, yet ${name} is bundled into it`);
  }
  return problems;
}
