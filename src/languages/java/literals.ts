import { capitalize, hash, identifier, OTHER_LETTERS, splitWords, upperCase, wordSet } from '../../base/identifiers.ts';
import { escapeAsPair, escapeForCompilers, escapeForReaders, HIDDEN_IN_CODE, oneLine } from '../../base/escape.ts';
import type { Naming } from '../task-names.ts';

const IDENTIFIER = new RegExp(`^[A-Za-z_$${OTHER_LETTERS}][A-Za-z0-9_$${OTHER_LETTERS}]*$`);
const LONGEST_TYPE = 40;

const KEYWORDS = wordSet(
  `abstract assert boolean break byte case catch char class const continue default do double else enum extends final finally float for
  goto if implements import instanceof int interface long native new package private protected public return short static strictfp super
  switch synchronized this throw throws transient try void volatile while _ true false null
  var yield record sealed permits`,
);

/** Names that a method, a variable or a record component should not have: keywords and the methods of `Object` and `Record`. */
export const JAVA_RESERVED: ReadonlySet<string> = new Set([
  ...KEYWORDS,
  ...wordSet('clone equals finalize getClass hashCode notify notifyAll toString wait'),
]);

/** The types of java.lang that generated code uses or that a reader would mistake another type for. */
const JAVA_LANG_TYPES: ReadonlySet<string> = wordSet(
  `Appendable AutoCloseable Boolean Byte Character CharSequence Class ClassLoader Cloneable Comparable Compiler Deprecated Double Enum
  Error Exception Float FunctionalInterface Integer Iterable Long Math Module Number Object Override Package Process ProcessBuilder
  ProcessHandle Readable Record Runnable Runtime RuntimeException SafeVarargs SecurityException SecurityManager Short StackTraceElement
  StackWalker StrictMath String StringBuffer StringBuilder SuppressWarnings System Thread ThreadDeath ThreadGroup ThreadLocal Throwable
  Void`,
);

/** Whether the text can be used unchanged as the name of a method or variable. */
export function isJavaIdentifier(text: string): boolean {
  return IDENTIFIER.test(text) && text.length <= 100 && !JAVA_RESERVED.has(text);
}

/**
 * A name for a type. Only ASCII, and short: it is part of the name of a class file, which may have 255 bytes and which a compiler cannot
 * write under a POSIX locale if it has other letters. `noun` completes what is not a name by itself.
 */
export function javaTypeName(text: string, noun: string): string {
  const found = splitWords(text);
  if (found.length === 0) return `${capitalize(noun)}${hash(text, 6)}`;
  const name = identifier(found.join(' '), 'pascal', new Set(), noun).slice(0, LONGEST_TYPE);
  // Formatters and readers take a name in capitals for a constant.
  return JAVA_LANG_TYPES.has(name) || !/[a-z]/.test(name) ? name + capitalize(noun) : name;
}

/** Names of variables in Java. Type names and constants are derived from them. */
export const JAVA_NAMING: Naming = {
  style: 'camel',
  // With names that the templates declare.
  reserved: new Set([
    ...JAVA_RESERVED,
    ...wordSet('kuflow activities request processId process input task options run meta LOG'),
  ]),
  isIdentifier: isJavaIdentifier,
  key: (name) => name.toLowerCase(),
  typeName: (variable) => javaTypeName(variable, 'task'),
  // `loanApplication` as `LOAN_APPLICATION`.
  constantName: (variable) => upperCase(variable.replace(/([\p{Ll}\p{Nd}])(\p{Lu})/gu, '$1_$2')),
};

/** The data of tasks without a type. */
export const UNTYPED = 'Map<String, Object>';

/** A string literal with exactly this value, in printable characters on one line. */
export function javaString(text: string): string {
  const body = text.replaceAll('\\', '\\\\').replaceAll('"', '\\"');
  return `"${escapeForCompilers(body, HIDDEN_IN_CODE, escapeAsPair)}"`;
}

/** Text for a one-line `//` or block comment, cut at `limit` characters: hidden characters made visible, no comment end. Empty if the text is blank. */
export function javaComment(text: string, limit = 300): string {
  return (
    escapeForReaders(oneLine(text, limit), HIDDEN_IN_CODE)
      .replaceAll('*/', '* /')
      .replaceAll('/*', '/ *')
      // Java decodes Unicode escapes before it looks for comments, but not after two backslashes.
      .replaceAll('\\', '\\\\')
  );
}

/** `javaComment` for a documentation comment, which is HTML with tags. */
export function javaDoc(text: string, limit = 300): string {
  return javaComment(text, limit)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/(?<![\p{L}\p{N}])@|\{@/gu, (found) => found.replace('@', '&#64;'));
}
