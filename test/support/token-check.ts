import ts from 'typescript';

/** What a file contains outside literals and comments. */
export interface Vocabulary {
  /** Keywords and identifiers. */
  readonly words: ReadonlySet<string>;
  /** Parts of templates, as written. */
  readonly templates: ReadonlySet<string>;
}

export interface Tokens {
  /** Identifiers and keywords that are not property names. */
  readonly words: readonly string[];
  readonly properties: readonly string[];
  /** As written. */
  readonly templates: readonly string[];
  /** Values of string literals. */
  readonly strings: readonly string[];
  readonly comments: readonly string[];
  /** Syntax errors, and comments that the compiler would obey. */
  readonly problems: readonly string[];
}

const { SyntaxKind } = ts;

/** The parts of a generated module, sorted by what they can do. */
export function tokensOf(path: string, text: string): Tokens {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, false, ts.ScriptKind.TS);
  const found = {
    words: [] as string[],
    properties: [] as string[],
    templates: [] as string[],
    strings: [] as string[],
    comments: [] as string[],
    problems: problemsOf(file),
  };
  const properties = propertyNames(file);
  const scanner = ts.createScanner(ts.ScriptTarget.ES2022, false, ts.LanguageVariant.Standard, text);
  // Whether the open brace belongs to a template.
  const braces: boolean[] = [];
  for (let kind = scanner.scan(); kind !== SyntaxKind.EndOfFileToken; kind = scanner.scan()) {
    if (kind === SyntaxKind.CloseBraceToken && braces.pop() === true) kind = scanner.reScanTemplateToken(false);
    if (kind === SyntaxKind.OpenBraceToken) braces.push(false);
    if (kind === SyntaxKind.TemplateHead || kind === SyntaxKind.TemplateMiddle) braces.push(true);
    if (kind === SyntaxKind.StringLiteral) found.strings.push(scanner.getTokenValue());
    else if (kind >= SyntaxKind.NoSubstitutionTemplateLiteral && kind <= SyntaxKind.TemplateTail)
      found.templates.push(scanner.getTokenText());
    else if (kind === SyntaxKind.SingleLineCommentTrivia || kind === SyntaxKind.MultiLineCommentTrivia)
      found.comments.push(scanner.getTokenText());
    else if (kind >= SyntaxKind.Identifier)
      (properties.has(scanner.getTokenStart()) ? found.properties : found.words).push(scanner.getTokenText());
  }
  return found;
}

/** Code in the file that comes neither from its template nor from an escaping function. */
export function strangers(tokens: Tokens, vocabulary: Vocabulary): readonly string[] {
  return [
    ...tokens.problems,
    ...tokens.words.filter((word) => !vocabulary.words.has(word)).map((word) => `word ${word}`),
    ...tokens.templates.filter((part) => !vocabulary.templates.has(part)).map((part) => `template ${part}`),
  ];
}

function problemsOf(file: ts.SourceFile): string[] {
  // Set by the parser, but missing in its type declarations.
  const { parseDiagnostics, commentDirectives, checkJsDirective } = file as unknown as {
    readonly parseDiagnostics: readonly ts.Diagnostic[];
    readonly commentDirectives?: readonly unknown[];
    readonly checkJsDirective?: unknown;
  };
  return [
    ...parseDiagnostics.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' ')),
    ...[...file.referencedFiles, ...file.typeReferenceDirectives, ...file.libReferenceDirectives].map(
      ({ fileName }) => `reference to ${fileName}`,
    ),
    ...(commentDirectives === undefined ? [] : ['a comment directs the compiler']),
    ...(checkJsDirective === undefined ? [] : ['a comment turns the compiler off']),
  ];
}

/** The positions of unquoted property names. */
function propertyNames(file: ts.SourceFile): ReadonlySet<number> {
  const starts = new Set<number>();
  const visit = (node: ts.Node): void => {
    if ((ts.isPropertySignature(node) || ts.isPropertyAssignment(node)) && ts.isIdentifier(node.name))
      starts.add(node.name.getStart(file));
    ts.forEachChild(node, visit);
  };
  visit(file);
  return starts;
}

/** The names that a module declares or imports anywhere, without property names. */
export function declaredNames(path: string, text: string): readonly string[] {
  const names: string[] = [];
  const visit = (node: ts.Node): void => {
    const { name } = node as { readonly name?: ts.Node };
    const declares =
      ts.isVariableDeclaration(node) ||
      ts.isBindingElement(node) ||
      ts.isParameter(node) ||
      ts.isFunctionDeclaration(node) ||
      ts.isInterfaceDeclaration(node) ||
      ts.isTypeAliasDeclaration(node) ||
      ts.isImportSpecifier(node) ||
      ts.isNamespaceImport(node);
    if (declares && name !== undefined && ts.isIdentifier(name)) names.push(name.text);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, false, ts.ScriptKind.TS));
  return names;
}
