const DECLARED =
  /^export[ \t]+(?:declare[ \t]+)?(?:abstract[ \t]+)?(?:async[ \t]+)?(?:function|const|let|var|class|interface|type|enum|namespace)\b[ \t]*\*?[ \t]*([\p{L}_$][\p{L}\p{N}_$]*)/gmu;
const LIST = /^export[ \t]+(?:type[ \t]+)?\{([^}]*)\}/gm;

/** The names that a TypeScript module exports, including types. Does not follow `export *`. */
export function exportedNames(source: string): ReadonlySet<string> {
  const text = source.replace(/\/\*[\s\S]*?\*\//g, ' ');
  const declared = [...text.matchAll(DECLARED)].map(([, name = '']) => name);
  const listed = [...text.matchAll(LIST)].flatMap(([, names = '']) =>
    names.split(',').map((part) => {
      const name = (/\bas\s+(.+)$/s.exec(part)?.[1] ?? part.replace(/^\s*type\s+/, '')).trim();
      return /^(['"]).*\1$/s.test(name) ? name.slice(1, -1) : name;
    }),
  );
  return new Set([...declared, ...listed].filter((name) => name !== ''));
}
