import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';

/**
 * The declarations of everything that an entry exports, and of the types that those use, as one module without imports. Of a class that the entry
 * does not export, only the type is exported. What is marked `@internal` is left out.
 * @param {string} entry Path of a file that only re-exports.
 * @returns {string}
 */
export function bundleTypes(entry) {
  const files = new Map();
  const found = new Map();
  const exported = importsOf(readFileSync(entry, 'utf8'), entry);
  for (const { file, name } of exported.values()) visit(file, name);
  const classes = [...found].filter(([, text]) => /^declare class /m.test(text)).map(([name]) => name);
  return [...found.values(), `export type { ${classes.join(', ')} };`, ''].join('\n');

  function visit(path, name) {
    const file = declarationsOf(path);
    const declaration = file.declarations.get(name);
    if (declaration === undefined) {
      const imported = file.imports.get(name);
      if (imported !== undefined) visit(imported.file, imported.name);
      return;
    }
    const earlier = found.get(name);
    const isType = !ts.isClassDeclaration(declaration) || exported.has(name);
    const text = declarationText(declaration, isType);
    if (earlier !== undefined && earlier !== text) throw new Error(`two declarations are called ${name}`);
    if (earlier !== undefined) return;
    found.set(name, text);
    const visitNames = (node) => {
      if (ts.isIdentifier(node) && node.text !== name) visit(path, node.text);
      ts.forEachChild(node, visitNames);
    };
    visitNames(declaration);
  }

  function declarationsOf(path) {
    if (!files.has(path)) files.set(path, readDeclarations(path));
    return files.get(path);
  }
}

/** A file's declarations and imports by name. */
function readDeclarations(path) {
  const { outputText } = ts.transpileDeclaration(readFileSync(path, 'utf8'), {
    fileName: path,
    compilerOptions: { target: ts.ScriptTarget.ES2023 },
  });
  const source = ts.createSourceFile(path, outputText, ts.ScriptTarget.Latest, true);
  const named = source.statements.filter((statement) => statement.name !== undefined);
  return {
    declarations: new Map(named.map((statement) => [statement.name.text, statement])),
    imports: importsOf(outputText, path),
  };
}

/** What a file imports and re-exports from other sources, by its name there. */
function importsOf(text, path) {
  const found = new Map();
  for (const statement of ts.createSourceFile(path, text, ts.ScriptTarget.Latest).statements) {
    const from = statement.moduleSpecifier?.text ?? '';
    if (!from.startsWith('.')) continue;
    const elements = (statement.importClause?.namedBindings ?? statement.exportClause)?.elements ?? [];
    for (const { name, propertyName } of elements)
      found.set(name.text, { file: join(dirname(path), from), name: (propertyName ?? name).text });
  }
  return found;
}

function declarationText(declaration, isExported) {
  let text = declaration.getFullText();
  for (const member of declaration.members ?? []) {
    const whole = member.getFullText();
    if (whole.includes('@internal')) text = text.replace(whole, '');
  }
  text = text.trim().replace(/^export /m, '');
  return isExported ? text.replace(/^(?=(declare|interface|type) )/m, 'export ') : text;
}
