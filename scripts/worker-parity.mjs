// docs/internals/worker-parity.md: which tests prove the rows of docs/internals/worker-contract.md, for each language.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { table, tableCell } from './generated-part.mjs';

/** @typedef {{ language: string, id: string, file: string, title: string }} Proof */
/** @typedef {{ id: string, language: string, reason: string }} Exception */

export const LANGUAGES = { typescript: 'TypeScript', java: 'Java', python: 'Python' };

// Tests of generated projects belong to their owners, so their titles have no ids. This file lists them.
const GENERATED_TESTS = 'test/support/contract-tests.json';
// Functions that declare a group of tests.
const GROUPS = ['describe', 'describeJava', 'describeWorkers', 'describeWorkersTogether'];
const ID = '[a-z]+(?:\\.[a-z]+)+';
// At the end of a title: `[token.renewal, token.single]`, or with languages `[java, python: token.renewal]`.
const TAG = new RegExp(` \\[(?:([a-z]+(?:, [a-z]+)*): )?(${ID}(?:, ${ID})*)\\]$`);

/** The ids of docs/internals/worker-contract.md in its order, and the rows that do not apply to a language. */
export function readContract(/** @type {string} */ page) {
  const cells = page.split('\n').flatMap((line) => {
    const [, id, ...others] = line.split(/ ?\| ?/);
    const [, name] = new RegExp(`^\`(${ID})\`$`).exec(id ?? '') ?? [];
    return name === undefined ? [] : [{ id: name, others }];
  });
  return {
    ids: cells.filter(({ others }) => others.length === 2).map(({ id }) => id),
    /** @type {Exception[]} */
    exceptions: cells
      .filter(({ others }) => others.length === 3)
      .map(({ id, others: [language = '', reason = ''] }) => ({ id, language, reason })),
  };
}

/**
 * The tests that carry an id: in their title, or in the list of generated tests.
 * @param {string} root
 * @returns {Proof[]}
 */
export function findProofs(root) {
  const files = ['test/unit', 'test/process', 'test/e2e'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.test.ts'))
      .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
      .sort(),
  );
  const own = files.flatMap((file) => proofsIn(file, readFileSync(join(root, file), 'utf8')));
  const generated = Object.entries(JSON.parse(readFileSync(join(root, GENERATED_TESTS), 'utf8'))).flatMap(
    ([file, titles]) => proofsOfGenerated(file, readFileSync(join(root, file), 'utf8'), titles),
  );
  return [...generated, ...own];
}

/**
 * @param {string} file
 * @param {string} text
 * @returns {Proof[]}
 */
export function proofsIn(file, text) {
  // Parsing is slow, and most files have no id.
  if (!new RegExp(`${ID}\\]`).test(text)) return [];
  return testsIn(text).flatMap(({ group, title }) => {
    const [tag, languages = 'typescript', ids = ''] = TAG.exec(title) ?? [];
    if (tag === undefined) return [];
    const name = `${group}${title.slice(0, -tag.length)}`;
    return languages
      .split(', ')
      .flatMap((language) => ids.split(', ').map((id) => ({ language, id, file, title: name })));
  });
}

/**
 * @param {string} file
 * @param {string} text
 * @param {Record<string, readonly string[]>} titles
 * @returns {Proof[]}
 */
export function proofsOfGenerated(file, text, titles) {
  const [, language = ''] = /^(?:templates|libraries)\/([a-z]+)\//.exec(file) ?? [];
  const rendered = text.replace(/\{\{[#/].*?\}\}/g, '').replace(/\{\{.*?\}\}/g, 'x');
  const tests = testsOfGenerated(file, rendered);
  return Object.entries(titles).flatMap(([title, ids]) => {
    const found = tests.find((test) => test.title === title);
    if (found === undefined) throw new Error(`${GENERATED_TESTS}: ${file} does not contain a test "${title}"`);
    return ids.map((id) => ({ language, id, file, title: `${found.group}${title}` }));
  });
}

function testsOfGenerated(/** @type {string} */ file, /** @type {string} */ text) {
  if (/\.java(?:\.hbs)?$/.test(file)) return javaTestsIn(text);
  const [, words] = /\/test_(\w+)\.py(?:\.hbs)?$/.exec(file) ?? [];
  return words === undefined ? testsIn(text) : pythonTestsIn(words.replaceAll('_', ' '), text);
}

/**
 * Functions that pytest runs, with the words of their names, and the groups that they are in: the module, and classes. A module, class or
 * function with the marker `skip` never runs.
 * @param {string} module
 * @param {string} text
 */
function pythonTestsIn(module, text) {
  if (/^pytestmark = .*\.skip\b/m.test(text)) return [];
  /** @type {{ group: string, title: string }[]} */
  const tests = [];
  let group = `${module} `;
  let isInGroup = false;
  let isSkipped = false;
  for (const line of text.split('\n')) {
    const [, indent, decorator, kind, name = ''] = /^( {4})?(?:(@.*)|(?:async )?(class|def) (\w+))/.exec(line) ?? [];
    if (decorator !== undefined) isSkipped ||= /\.skip\b/.test(decorator);
    if (kind === undefined) continue;
    const isAtTop = indent === undefined;
    if (isAtTop) {
      isInGroup = kind === 'class' && name.startsWith('Test') && !isSkipped;
      group = isInGroup ? `${module} ${wordsOf(name.slice('Test'.length))} ` : `${module} `;
    }
    if (kind === 'def' && (isAtTop || isInGroup) && !isSkipped && name.startsWith('test_'))
      tests.push({ group, title: name.slice('test_'.length).replaceAll('_', ' ') });
    isSkipped = false;
  }
  return tests;
}

/** `engine token` for `EngineToken` */
const wordsOf = (/** @type {string} */ name) => name.replaceAll(/(?<=[a-z\d])(?=[A-Z])/g, ' ').toLowerCase();

/** JUnit tests with a display name, and the display names of the classes that they are in. */
function javaTestsIn(/** @type {string} */ text) {
  /** @type {string[]} */
  const groups = [];
  return [...text.matchAll(/^( *)@DisplayName\(([^;{]*?)\)\n([^{]*)\{/gm)].flatMap(
    ([, indent = '', name = '', declaration = '']) => {
      const title = [...name.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([literal]) => JSON.parse(literal)).join('');
      groups.length = indent.length / 4;
      const group = groups.map((one) => `${one} `).join('');
      groups.push(title);
      return /\bclass\b/.test(declaration) ? [] : [{ group, title }];
    },
  );
}

/** The tests in a file, except those that never run, and the titles of the groups that they are in. */
function testsIn(/** @type {string} */ text) {
  /** @type {{ group: string, title: string }[]} */
  const tests = [];
  const visit = (/** @type {ts.Node} */ node, /** @type {string} */ group) => {
    let inner = group;
    if (ts.isCallExpression(node)) {
      const [title] = node.arguments;
      const [name = '', ...modifiers] = nameOf(node.expression);
      if (
        title !== undefined &&
        ts.isStringLiteralLike(title) &&
        !modifiers.some((one) => ['skip', 'todo'].includes(one))
      ) {
        if (GROUPS.includes(name)) inner = `${group}${title.text} `;
        else if (name === 'it') tests.push({ group, title: title.text });
      }
    }
    ts.forEachChild(node, (child) => visit(child, inner));
  };
  visit(ts.createSourceFile('', text, ts.ScriptTarget.Latest), '');
  return tests;
}

/** `['it', 'each']` for `it.each([…])`. */
function nameOf(/** @type {ts.Node} */ node) {
  if (ts.isIdentifier(node)) return [node.text];
  if (ts.isCallExpression(node)) return nameOf(node.expression);
  return ts.isPropertyAccessExpression(node) ? [...nameOf(node.expression), node.name.text] : [];
}

/**
 * What is wrong with the ids. Empty if every row of the contract has a test in each language, or a reason why it needs none.
 * @param {ReturnType<typeof readContract>} contract
 * @param {readonly Proof[]} proofs
 * @param {readonly string[]} languages
 * @returns {string[]}
 */
export function findProblems({ ids, exceptions }, proofs, languages) {
  const covers =
    (/** @type {string} */ id, /** @type {string} */ language) => (/** @type {{id: string, language: string}} */ one) =>
      one.id === id && one.language === language;
  return [
    ...ids.filter((id, index) => ids.indexOf(id) !== index).map((id) => `${id} is in the contract twice`),
    ...proofs
      .filter(({ id }) => !ids.includes(id))
      .map(({ id, file, title }) => `${file} "${title}": the contract does not contain the row ${id}`),
    ...exceptions.filter(({ id }) => !ids.includes(id)).map(({ id }) => `the contract does not contain the row ${id}`),
    ...[...proofs, ...exceptions]
      .filter(({ language }) => !languages.includes(language))
      .map(({ id, language }) => `${id}: unknown language ${language}`),
    ...ids.flatMap((id) =>
      languages.flatMap((language) => {
        const isProven = proofs.some(covers(id, language));
        const isException = exceptions.some(covers(id, language));
        if (isProven && isException) return [`${id} has a test for ${language}, although it is not applicable`];
        return isProven || isException ? [] : [`${id} is not tested for ${language}`];
      }),
    ),
  ];
}

/**
 * docs/internals/worker-parity.md
 * @param {ReturnType<typeof readContract>} contract
 * @param {readonly Proof[]} proofs
 * @returns {string}
 */
export function parityPage({ ids, exceptions }, proofs) {
  const languages = Object.entries(LANGUAGES);
  const cellOf = (/** @type {string} */ id, /** @type {string} */ language) => {
    const exception = exceptions.find((one) => one.id === id && one.language === language);
    if (exception !== undefined) return `not applicable: ${exception.reason}`;
    return proofs
      .filter((proof) => proof.id === id && proof.language === language)
      .map(({ file, title }) => `${tableCell(title)} (\`${file.replace(/^templates\/[a-z]+\//, 'project: ')}\`)`)
      .join('<br>');
  };
  return [
    '# Tests of the worker contract',
    '',
    'The tests that prove each row of [the worker contract](worker-contract.md), for each language. Files marked with `project:` are',
    'part of every generated project.',
    '',
    '<!-- Generated by `npm run docs`. -->',
    '',
    ...table(
      ['row', ...languages.map(([, name]) => name)],
      ids.map((id) => [`\`${id}\``, ...languages.map(([language]) => cellOf(id, language))]),
    ),
    '',
  ].join('\n');
}
