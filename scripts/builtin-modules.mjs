import { isBuiltin } from 'node:module';
import ts from 'typescript';

/**
 * Makes an ES module load Node's built-in modules with `process.getBuiltinModule` instead of importing them. Importing `node:fs` or
 * `node:process` reads every property, which creates streams and a stdin that nobody asked for and adds up to 8 ms to the start.
 * @param {string} text
 * @returns {string}
 */
export function takeBuiltinModules(text) {
  const source = ts.createSourceFile('output.js', text, ts.ScriptTarget.Latest, false, ts.ScriptKind.JS);
  const taken = [];
  let rest = '';
  let end = 0;
  for (const statement of source.statements) {
    if (!ts.isImportDeclaration(statement) || !isBuiltin(statement.moduleSpecifier.text)) continue;
    taken.push(...declarations(statement));
    rest += text.slice(end, statement.getStart(source));
    end = statement.end;
  }
  // Like imports, they come first.
  return taken.length === 0 ? text : `const ${taken.join(',')};${rest}${text.slice(end)}`;
}

function declarations({ importClause, moduleSpecifier }) {
  const value = `globalThis.process.getBuiltinModule(${JSON.stringify(moduleSpecifier.text)})`;
  const bindings = importClause?.namedBindings;
  const found = importClause?.name === undefined ? [] : [`${importClause.name.text}=${value}`];
  if (bindings === undefined) return found;
  if (ts.isNamespaceImport(bindings)) return [...found, `${bindings.name.text}=${value}`];
  const names = bindings.elements.map(({ name, propertyName }) =>
    propertyName === undefined ? name.text : `${propertyName.text}:${name.text}`,
  );
  if (names.some((name) => name.startsWith('default:')))
    throw new Error(
      `the default of ${moduleSpecifier.text} is imported among others: adapt scripts/builtin-modules.mjs`,
    );
  return [...found, `{${names.join(',')}}=${value}`];
}
