// docs/reference/library.md and workflow-api-<language>.md: the public names of the libraries of workers, with their doc comments.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import ts from 'typescript';
import { escapeProse, replaceGeneratedPart, tableCell } from './generated-part.mjs';

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

/** @typedef {readonly (readonly [code: string, about: string])[]} Members */
/** @typedef {{ name: string, about: string, members: Members }} Declaration */

// Types that code rarely needs to name, so they are not exported.
const PARTS = {
  typescript: ['ProcessOptions', 'TaskOptions', 'Deadline', 'Owner', 'OptionalOwner'],
  python: ['SystemTaskHandle', 'OwnerOptions'],
};
const FIRST = ['openProcess', 'KuFlowProcess', 'TaskHandle', 'SystemTaskHandle'];

/**
 * The page about what workflow code calls in a language: each declaration with its members.
 * @param {string} page
 * @param {string} root
 * @param {keyof typeof WORKFLOW_READERS} language
 * @returns {string}
 */
export function workflowPage(page, root, language) {
  const rank = (/** @type {Declaration} */ { name }) => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length);
  const declarations = [...WORKFLOW_READERS[language](root)].sort(
    (one, other) => rank(one) - rank(other) || one.name.localeCompare(other.name, 'en'),
  );
  const paragraphs = declarations.flatMap(({ name, about, members }) => [
    `## ${name}`,
    escapeProse(about),
    ...groupMembers(members).flatMap(([code, what]) => [`\`\`\`${language}\n${code}\n\`\`\``, escapeProse(what)]),
  ]);
  return replaceGeneratedPart(page, 'workflow', [paragraphs.filter((paragraph) => paragraph !== '').join('\n\n')]);
}

/** @satisfies {Record<string, (root: string) => readonly Declaration[]>} */
export const WORKFLOW_READERS = { typescript: workflowTypeScript, java: workflowJava, python: workflowPython };

const NAME = /(\w+)(?:<[^(]*>)?\(/;

/**
 * Members without a comment share a block of code, and overloads without a comment follow the commented overload.
 * @param {Members} members
 * @returns {Members}
 */
function groupMembers(members) {
  /** @type {[string, string][]} */
  const groups = [];
  for (const [code, about] of members) {
    const last = groups.at(-1);
    const belongs = last !== undefined && (last[1] === '' || NAME.exec(last[0])?.[1] === NAME.exec(code)?.[1]);
    if (about === '' && belongs) last[0] += `\n${code}`;
    else groups.push([code, about]);
  }
  return groups;
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
    [...exportsOf(join(folder, `${module}.ts`))].map(([name, statements]) => [name, commentsOf(statements)]),
  ]);
}

/** @returns {readonly Declaration[]} */
function workflowTypeScript(/** @type {string} */ root) {
  const folder = join(root, 'libraries', 'typescript', 'src');
  const { statements } = sourceFile(join(folder, 'internal', 'workflow', 'kuflow-process.ts'));
  const parts = statements.flatMap((statement) =>
    namesOf(statement)
      .filter((name) => PARTS.typescript.includes(name))
      .map((name) => /** @type {const} */ ([name, [statement]])),
  );
  return [...exportsOf(join(folder, 'workflow.ts')), ...parts]
    .filter(([name]) => !name.startsWith('KuFlow') || name === 'KuFlowProcess')
    .map(([name, declared]) => ({ name, about: commentsOf(declared), members: declared.flatMap(membersOf) }));
}

/**
 * The methods of an interface one by one, and anything else as a whole, without bodies.
 * @returns {Members}
 */
function membersOf(/** @type {ts.Statement} */ statement) {
  if (!ts.isInterfaceDeclaration(statement) || !statement.members.some(ts.isMethodSignature))
    return [[declarationText(statement), '']];
  const base = statement.heritageClauses?.map((clause) => clause.getText()) ?? [];
  /** @type {Members} */
  const members = statement.members.map((member) => [dedent(member.getText(), 2), commentOf(member)]);
  return base.length === 0 ? members : [[`interface ${statement.name.text} ${base.join(' ')}`, ''], ...members];
}

function declarationText(/** @type {ts.Statement} */ statement) {
  const text = statement.getText().replace(/^export /, '');
  if (ts.isFunctionDeclaration(statement) && statement.body !== undefined)
    return text.slice(0, -statement.body.getText().length).trim();
  if (ts.isClassDeclaration(statement)) {
    const fields = statement.members.filter(ts.isPropertyDeclaration);
    const lines = fields.map((member) => `  ${member.getFullText().trim()}`);
    return [text.slice(0, text.indexOf('{') + 1), ...lines, '}'].join('\n');
  }
  // Without what a function returns or makes.
  return text.replace(/ (?:=> \(\{|= \w+(?:<\w+>)?\()[^]*$/, '');
}

const sourceFile = (/** @type {string} */ path) =>
  ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true);

const commentOf = (/** @type {ts.Node} */ node) =>
  ts
    .getJSDocCommentsAndTags(node)
    .map(({ comment }) => oneLine(ts.getTextOfJSDocComment(comment)))
    .join(' ');

const commentsOf = (/** @type {readonly ts.Node[]} */ nodes) => nodes.map(commentOf).join(' ');

/**
 * The names that a module exports, with their declarations: a type and a value may have the same name.
 * @returns {Map<string, ts.Statement[]>}
 */
function exportsOf(/** @type {string} */ path) {
  /** @type {Map<string, ts.Statement[]>} */
  const found = new Map();
  for (const statement of sourceFile(path).statements) {
    if (ts.isExportDeclaration(statement) && statement.moduleSpecifier !== undefined) {
      const target = exportsOf(join(dirname(path), /** @type {ts.StringLiteral} */ (statement.moduleSpecifier).text));
      const clause = statement.exportClause;
      const names =
        clause !== undefined && ts.isNamedExports(clause)
          ? clause.elements.map(({ name }) => name.text)
          : target.keys();
      for (const name of names) found.set(name, target.get(name) ?? []);
    } else if (ts.canHaveModifiers(statement) && ts.getModifiers(statement)?.some(isExport)) {
      for (const name of namesOf(statement)) found.set(name, [...(found.get(name) ?? []), statement]);
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
  const declaration = new RegExp(
    `${JAVADOC}(?:@.*\\n)*^public (?:[a-z-]+ )*(?:class|interface|record|enum) (\\w+)`,
    'm',
  );
  return ['kuflow.worker', 'kuflow.worker.workflow', 'kuflow.worker.model', 'kuflow.worker.testing'].map((name) => [
    name,
    sources(join(folder, ...name.split('.')), '.java', false).flatMap((text) => {
      const [, comment = '', type] = declaration.exec(text) ?? [];
      return type === undefined ? [] : [/** @type {const} */ ([type, javadoc(comment)[0]])];
    }),
  ]);
}

const JAVADOC = '(?:/\\*\\*((?:(?!\\*/)[^])*)\\*/\\s*?\\n)?';

/** The text of a comment of Javadoc, and those of its tags. */
function javadoc(/** @type {string} */ comment) {
  const [about = '', ...tags] = comment
    .replace(/^\s*\* ?/gm, '')
    .replace(
      /\{@(?:link|code) #?([^}#]*)#?([^}]*)\}/g,
      (_, type, member) => `\`${[type, member].filter(Boolean).join('.')}\``,
    )
    .replace(/<\/?p>/g, '')
    .split(/^ *@/m);
  const sentences = tags.map((tag) =>
    oneLine(tag)
      .replace(/^throws (\w+) (.*?)\.?$/, 'Throws `$1` $2.')
      .replace(/^param (\w+) (.*?)\.?$/, '`$1`: $2.'),
  );
  return /** @type {const} */ ([oneLine(about), sentences.join(' ')]);
}

/** @returns {readonly Declaration[]} */
function workflowJava(/** @type {string} */ root) {
  const folder = join(root, 'libraries', 'java', 'src', 'main', 'java', 'kuflow', 'worker', 'workflow');
  const type = new RegExp(`${JAVADOC}^( *)public (?:static |final )*(class|interface|record) (\\w+)([^{]*)\\{`, 'gm');
  return sources(folder, '.java', false).flatMap((text) => {
    const types = [...text.matchAll(type)];
    return types.map((found, at) => {
      const [all, comment = '', indent = '', kind = '', name = '', rest = ''] = found;
      const body = text.slice(found.index + all.length, types[at + 1]?.index);
      const modifier = kind === 'interface' ? '(?!private|default|[/*@])' : 'public ';
      // What a program throws has constructors for the library only.
      const isError = rest.includes('extends RuntimeException');
      const method = new RegExp(
        `${JAVADOC}(?:^ *@\\w+.*\\n)*^${indent}    ${modifier}([^;{}=]*\\))(?: throws \\w+)?(?: \\{|;)`,
        'gm',
      );
      /** @type {Members} */
      const methods = [...body.matchAll(method)]
        .filter(([, , code = '']) => !(isError && code.startsWith(`${name}(`)))
        .map(([, about = '', code = '']) => [dedent(code, indent.length + 4), javadoc(about).join(' ').trim()]);
      /** @type {Members} */
      const head = kind === 'record' ? [[`record ${name}${dedent(rest.trim(), 4)}`, '']] : [];
      return {
        name: at === 0 ? name : `${types[0]?.[4]}.${name}`,
        about: javadoc(comment).join(' ').trim(),
        members: [...head, ...methods],
      };
    });
  });
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

/** @returns {readonly Declaration[]} */
function workflowPython(/** @type {string} */ root) {
  const folder = join(root, 'libraries', 'python', 'src', 'kuflow_worker', '_internal');
  const texts = [
    ...sources(join(folder, 'workflow'), '.py', false),
    readFileSync(join(folder, 'model.py'), 'utf8'),
  ].map((text) => text.replace(/^( *)@overload\n[^]*?: \.\.\.\n/gm, ''));
  const [, [, names] = ['', []]] = readPython(root);
  return [...names.map(([name]) => name), ...PARTS.python].map((name) => ({
    name,
    about: docstring(texts, name),
    members: pythonMembers(texts, name),
  }));
}

/**
 * The attributes and methods of a class, the fields of a dictionary, or the head of a function.
 * @param {readonly string[]} texts
 * @param {string} name
 * @returns {Members}
 */
function pythonMembers(texts, name) {
  const block = new RegExp(`^(?:@.*\\n)*(?:(?:class|async def|def) ${name}\\b|${name} = )[^]*?(?=^[^\\s)])`, 'm');
  const declaration = texts.flatMap((text) => block.exec(`${text}\n#`)?.[0] ?? [])[0] ?? '';
  if (declaration === '') return [];
  if (!/^class /m.test(declaration)) return [[declaration.replace(/:\n[^]*$/, '').trim(), '']];
  const [, bases = ''] = /^class \w+(?:\((.*)\))?:/m.exec(declaration) ?? [];
  const inherited = bases
    .split(', ')
    .filter((base) => /^\w+$/.test(base))
    .flatMap((base) => pythonMembers(texts, base));
  const [init = '', signature = ''] =
    /^ {4}def __init__\(([^]*?)\) -> None:[^]*?(?=^ {4}\S|$(?![^]))/m.exec(declaration) ?? [];
  /** @type {Members} */
  const attributes = [...init.matchAll(/^ {8}(?:#: (.*)\n {8})?self\.([a-z]\w*) = (\w+)(?:\n {8}"""(.*)""")?/gm)].map(
    ([, before, attribute = '', value = '', after]) => {
      const [, type] = new RegExp(`\\b${value}: ([^]*?)(?=,\\s+\\w+: |,?\\s*$)`).exec(signature) ?? [];
      return [type === undefined ? attribute : `${attribute}: ${type}`, before ?? after ?? ''];
    },
  );
  /** @type {Members} */
  const methods = [...declaration.matchAll(/^ {4}((?:async )?def [a-z]\w*\([^]*?):\n(?: {8}"""([^]*?)""")?/gm)].map(
    ([, code = '', about = '']) => [
      dedent(code.replace(/\(self(?:, )?/, '(').replace(/\(\s*self,\n/, '(\n'), 4),
      oneLine(about),
    ],
  );
  const fields = [...declaration.matchAll(/^ {4}(\w+: .*)$/gm)].map(([, field = '']) => field).join('\n');
  const own = [...(fields === '' ? [] : [/** @type {const} */ ([fields, ''])]), ...attributes, ...methods];
  const named = (/** @type {string} */ code) => /\w+(?=[(:]|$)/.exec(code)?.[0];
  return [...inherited.filter(([code]) => !own.some(([one]) => named(one) === named(code))), ...own];
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

/** Code that is indented by `width`, without that indentation. */
function dedent(/** @type {string} */ code, /** @type {number} */ width) {
  return code.replaceAll(`\n${' '.repeat(width)}`, '\n');
}
