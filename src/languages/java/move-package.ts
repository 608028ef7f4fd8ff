import { changeText, type PlannedFile } from '../planned-file.ts';

export const TEMPLATE_PACKAGE = 'com.example.worker';
const TEMPLATE_PATH = TEMPLATE_PACKAGE.replaceAll('.', '/');
const SOURCE = new RegExp(`^(src/(?:main|test)/java)/${TEMPLATE_PATH}/`);
const MENTION = new RegExp(
  `^((?:package|import(?: static)?) )${TEMPLATE_PACKAGE.replaceAll('.', '\\.')}(?=[.;])`,
  'gm',
);

/** Moves a source file of the template to another package. The imports are sorted again, because formatters check their order. */
export function movePackage(file: PlannedFile, packageName: string): PlannedFile {
  if (!SOURCE.test(file.path)) return file;
  const path = file.path.replace(SOURCE, `$1/${packageName.replaceAll('.', '/')}/`);
  return changeText({ ...file, path }, (text) =>
    text.replaceAll(MENTION, `$1${packageName}`).replace(/(?:^import .*;\n)+/gm, sortLines),
  );
}

/** Strings, comments and imports: a name in them is not a use of it. */
const TEXTS = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|\/\*[^]*?\*\/|\/\/.*|^import .*/gm;
const NAMES = /(?<![\w.])\w+/g;

/** Leaves out the imports that a file does not use, and sorts the others, because formatters check both. */
export function organizeJavaImports(file: PlannedFile): PlannedFile {
  if (!file.path.endsWith('.java')) return file;
  return changeText(file, (text) => {
    const names = new Set(text.replace(TEXTS, '').match(NAMES));
    const isUsed = (line: string): boolean => names.has(/(\w+);$/.exec(line)?.[1] ?? '');
    return text.replace(/(?:^import .*;\n)+\n/gm, (lines) => {
      const used = lines.trimEnd().split('\n').filter(isUsed);
      return used.length === 0 ? '' : `${sortLines(`${used.join('\n')}\n`)}\n`;
    });
  });
}

/** Import lines for these types, sorted. */
export function importLines(types: readonly string[]): string {
  return sortLines([...new Set(types)].map((type) => `import ${type};\n`).join('')).trimEnd();
}

/** Sorts by the imported name: a class comes before the classes inside it. */
function sortLines(lines: string): string {
  const sorted = lines
    .split('\n')
    .filter((line) => line !== '')
    .sort((one, other) => (nameIn(one) < nameIn(other) ? -1 : 1));
  return `${sorted.join('\n')}\n`;
}

const nameIn = (line: string): string => line.slice(0, -1);
