import { readFileSync, readdirSync } from 'node:fs';
import { join, posix, relative, sep } from 'node:path';
import ts from 'typescript';

/** Every TypeScript file under `src/`, as paths with `/` relative to `root`. */
export function sourceFiles(root) {
  return readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.d.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();
}

/** What a file imports: `{ specifier, reExport, typeOnly }` for static, dynamic and type imports alike. */
export function importsOf(path, text) {
  const found = [];
  const visit = (node) => {
    if (ts.isImportDeclaration(node))
      found.push({
        specifier: node.moduleSpecifier.text,
        reExport: false,
        typeOnly: node.importClause?.isTypeOnly === true,
      });
    else if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined) {
      found.push({ specifier: node.moduleSpecifier.text, reExport: true, typeOnly: node.isTypeOnly });
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const [argument] = node.arguments;
      if (argument !== undefined && ts.isStringLiteralLike(argument))
        found.push({ specifier: argument.text, reExport: false, typeOnly: false });
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      found.push({ specifier: node.argument.literal.text, reExport: false, typeOnly: true });
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest, false));
  return found;
}

const roomOf = (path) => path.split('/')[1];

/** The door that a target stands behind: its room, or the innermost room within it that has a list of entry files of its own. */
function doorOf(target, config) {
  const inner = Object.keys(config.entryFiles).filter((room) => target.startsWith(`src/${room}/`));
  return inner.sort((one, other) => other.length - one.length)[0] ?? roomOf(target);
}

/**
 * Problems of the source tree under `root` against `config` (`architecture.json`), one line each.
 * @returns {string[]}
 */
export function checkSources(root, config) {
  const problems = [];
  const level = new Map(config.levels.flatMap((rooms, index) => rooms.map((room) => [room, index])));
  const graph = new Map();
  const entered = new Map();
  for (const [room, files] of Object.entries(config.entryFiles)) {
    if (files.length > 3) problems.push(`architecture.json: ${room} lists ${files.length} entry files, three at most`);
  }
  for (const path of sourceFiles(root)) {
    const room = roomOf(path);
    if (!level.has(room)) problems.push(`${path}: ${room} is not a room of the house`);
    if (posix.basename(path) === 'index.ts')
      problems.push(`${path}: no index.ts; import the file that holds the thing`);
    const targets = [];
    for (const { specifier, reExport, typeOnly } of importsOf(path, readFileSync(join(root, path), 'utf8'))) {
      if (reExport && !(config.publicEntries ?? []).includes(path))
        problems.push(`${path}: re-exports ${specifier}; import it where it is used`);
      if (!specifier.startsWith('.')) {
        if (room === 'base' && !specifier.startsWith('node:'))
          problems.push(`${path}: base imports node: only, not ${specifier}`);
        continue;
      }
      const target = posix.normalize(posix.join(posix.dirname(path), specifier));
      // A cycle of types is gone when the code runs.
      if (!typeOnly) targets.push(target);
      const other = roomOf(target);
      if (!target.startsWith('src/') || other === room) continue;
      const rendersTypes = typeOnly && (config.rendersTypesOf?.[room] ?? []).includes(other);
      const problem = rendersTypes ? undefined : crossing(path, room, target, other, level);
      if (problem !== undefined) problems.push(problem);
      // A type is a contract and leaves no import behind: rooms may share as many as they like.
      if (!typeOnly && !isOpen(target, config)) {
        const door = doorOf(target, config);
        if (!entered.has(door)) entered.set(door, new Map());
        entered.get(door).set(target, path);
      }
    }
    graph.set(path, targets);
  }
  for (const [room, targets] of entered) {
    for (const [target, path] of targets) {
      if (!(config.entryFiles[room] ?? []).includes(target)) {
        problems.push(`${path}: ${target} is not an entry file of ${room} (scripts/architecture.json)`);
      }
    }
  }
  return [...problems, ...cycles(graph)];
}

function crossing(path, room, target, other, level) {
  if (!level.has(room) || !level.has(other)) return undefined;
  if (level.get(other) < level.get(room)) return `${path}: ${room} is below ${other} and imports ${target}`;
  // names stands on base although both are drawn at the bottom: base imports nothing, so no knot can come of it.
  if (level.get(other) === level.get(room) && other !== 'base')
    return `${path}: ${room} and ${other} are on one level, yet it imports ${target}`;
  return undefined;
}

function isOpen(target, config) {
  return Object.keys(config.open).some((prefix) => target.startsWith(prefix));
}

function cycles(graph) {
  const problems = [];
  const state = new Map();
  const visit = (path, trail) => {
    if (state.get(path) === 'done') return;
    const at = trail.indexOf(path);
    if (at !== -1) {
      problems.push(`cycle: ${[...trail.slice(at), path].join(' -> ')}`);
      return;
    }
    for (const target of graph.get(path) ?? []) visit(target, [...trail, path]);
    state.set(path, 'done');
  };
  for (const path of graph.keys()) visit(path, []);
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
