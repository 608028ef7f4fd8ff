// docs/reference/library.md: the public names of the libraries of workers, with their doc comments.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import ts from 'typescript';
import { replaceGeneratedPart, tableCell } from './generated-part.mjs';

/** @typedef {readonly (readonly [name: string, about: string])[]} Names */

/**
 * The page with its table of names for each language and module.
 * @param {string} page
 * @param {string} root
 * @returns {string}
 */
export function libraryPage(page, root) {
  const parts = { typescript: readTypeScript(root), java: readJava(root), python: readPython(root) };
  return Object.entries(parts).reduce(
    (text, [language, modules]) => replaceGeneratedPart(text, language, modules.flatMap(describeModule).slice(1)),
    page,
  );
}

/** @param {readonly [module: string, names: Names]} module */
function describeModule([module, names]) {
  const sorted = [...names].sort(([one], [other]) => one.localeCompare(other, 'en'));
  const rows = sorted.map(([name, about]) => `| \`${name}\` | ${tableCell(about)} |`);
  return ['', `| \`${module}\` | |`, '| --- | --- |', ...rows];
}

/** @returns {readonly (readonly [string, Names])[]} */
function readTypeScript(/** @type {string} */ root) {
  const folder = join(root, 'libraries', 'typescript', 'src');
  return ['index', 'workflow', 'testing'].map((module) => [
    module === 'index' ? 'kuflow-worker' : `kuflow-worker/${module}`,
    [...exportsOf(join(folder, `${module}.ts`))].map(([name, about]) => [name, about.join(' ')]),
  ]);
}

/**
 * The names that a module exports, with the comments of their declarations: a type and a value may have the same name.
 * @returns {Map<string, string[]>}
 */
function exportsOf(/** @type {string} */ path) {
  const source = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true);
  /** @type {Map<string, string[]>} */
  const found = new Map();
  for (const statement of source.statements) {
    if (ts.isExportDeclaration(statement) && statement.moduleSpecifier !== undefined) {
      const target = exportsOf(join(dirname(path), /** @type {ts.StringLiteral} */ (statement.moduleSpecifier).text));
      const clause = statement.exportClause;
      const names =
        clause !== undefined && ts.isNamedExports(clause)
          ? clause.elements.map(({ name }) => name.text)
          : target.keys();
      for (const name of names) found.set(name, target.get(name) ?? []);
    } else if (ts.canHaveModifiers(statement) && ts.getModifiers(statement)?.some(isExport)) {
      const comments = ts
        .getJSDocCommentsAndTags(statement)
        .map(({ comment }) => oneLine(ts.getTextOfJSDocComment(comment)));
      for (const name of namesOf(statement)) found.set(name, [...(found.get(name) ?? []), ...comments]);
    }
  }
  return found;
}

const isExport = (/** @type {ts.ModifierLike} */ { kind }) => kind === ts.SyntaxKind.ExportKeyword;

function namesOf(/** @type {ts.Statement} */ statement) {
  if (ts.isVariableStatement(statement))
    return statement.declarationList.declarations.map(({ name }) => name.getText());
  const { name } = /** @type {ts.DeclarationStatement} */ (statement);
  return name === undefined ? [] : [name.text];
}

/** @returns {readonly (readonly [string, Names])[]} */
function readJava(/** @type {string} */ root) {
  const folder = join(root, 'libraries', 'java', 'src', 'main', 'java');
  const declaration =
    /(?:\/\*\*((?:(?!\*\/)[^])*)\*\/\s*)?(?:@.*\n)*^public (?:[a-z-]+ )*(?:class|interface|record|enum) (\w+)/m;
  return ['kuflow.worker', 'kuflow.worker.workflow', 'kuflow.worker.model', 'kuflow.worker.testing'].map((name) => [
    name,
    sources(join(folder, ...name.split('.')), '.java', false).flatMap((text) => {
      const [, comment = '', type] = declaration.exec(text) ?? [];
      // Without the tags of Javadoc, such as {@code value} and @param.
      const [about = ''] = comment
        .replace(/^\s*\* ?/gm, '')
        .replace(/\{@\w+ ([^}]*)\}/g, '`$1`')
        .replace(/<\/?p>/g, '')
        .split(/^@/m);
      return type === undefined ? [] : [/** @type {const} */ ([type, oneLine(about)])];
    }),
  ]);
}

/** @returns {readonly (readonly [string, Names])[]} */
function readPython(/** @type {string} */ root) {
  const folder = join(root, 'libraries', 'python', 'src', 'kuflow_worker');
  const texts = sources(folder, '.py', true);
  return ['__init__', 'workflow', 'testing'].map((module) => {
    const text = readFileSync(join(folder, `${module}.py`), 'utf8');
    const [, list = ''] = /^__all__ = \[([^\]]*)\]/m.exec(text) ?? [];
    const names = [...list.matchAll(/"(\w+)"/g)].map(
      ([, name = '']) => /** @type {const} */ ([name, docstring(texts, name)]),
    );
    return [module === '__init__' ? 'kuflow_worker' : `kuflow_worker.${module}`, names];
  });
}

/** The docstring of a class or function, or the comment of a value: `#:` before it, or a string after it. */
function docstring(/** @type {readonly string[]} */ texts, /** @type {string} */ name) {
  const forms = [
    new RegExp(
      `^(?:class|async def|def) ${name}\\b(?:(?!\\n(?:class|async def|def|@)\\b)[^])*?:\\n+ +"""([^]*?)"""`,
      'm',
    ),
    new RegExp(`((?:^#: .*\\n)+)${name}\\b.* =`, 'm'),
    new RegExp(`^${name}\\b.* = .*\\n"""([^]*?)"""`, 'm'),
  ];
  for (const form of forms)
    for (const text of texts) {
      const [, about] = form.exec(text) ?? [];
      if (about !== undefined) return oneLine(about.replace(/^#: /gm, ''));
    }
  return '';
}

/** The texts of the files in a folder, in the order of their paths. */
function sources(/** @type {string} */ folder, /** @type {string} */ extension, /** @type {boolean} */ recursive) {
  return readdirSync(folder, { recursive, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(extension))
    .map(({ parentPath, name }) => join(parentPath, name))
    .sort((one, other) => (relative(folder, one) < relative(folder, other) ? -1 : 1))
    .map((path) => readFileSync(path, 'utf8'));
}

const oneLine = (/** @type {string | undefined} */ text) => (text ?? '').trim().replace(/\s+/g, ' ');
