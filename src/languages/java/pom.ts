/** What a `pom.xml` itself contains. Parents, imports and profiles are not resolved. */
export interface Pom {
  readonly property: (name: string) => string | undefined;
  /** Declared or managed dependencies of this group that have a version, which may be one of the properties. */
  readonly versionsOf: (groupId: string) => ReadonlyMap<string, string>;
}

export function parsePom(text: string): Pom {
  const pom = withoutComments(text);
  const properties = elementsOf(pom, 'properties').join('\n');
  const property = (name: string): string | undefined => elementsOf(properties, name)[0]?.trim();
  return {
    property,
    versionsOf: (groupId) =>
      new Map(
        elementsOf(pom, 'dependency').flatMap((dependency): readonly (readonly [string, string])[] => {
          const [own = ''] = dependency.split('<exclusions>', 1);
          const [group, artifact, version] = ['groupId', 'artifactId', 'version'].map((name) =>
            elementsOf(own, name)[0]?.trim(),
          );
          if (group !== groupId || artifact === undefined || version === undefined) return [];
          const [, name] = /^\$\{([^}]+)\}$/.exec(version) ?? [];
          const value = name === undefined ? version : property(name);
          return value !== undefined && /^\d/.test(value) ? [[artifact, value]] : [];
        }),
      ),
  };
}

function withoutComments(text: string): string {
  const [start = '', ...rest] = text.split('<!--');
  return start + rest.map((part) => part.split('-->').slice(1).join('-->')).join('');
}

/** The contents of all elements with this name that have no attributes. */
function elementsOf(text: string, name: string): readonly string[] {
  return text
    .split(`<${name}>`)
    .slice(1)
    .map((part) => part.split(`</${name}>`, 1)[0] ?? '');
}
