import { describe, expect, it } from 'vitest';
import type { LanguageId } from '../../../../src/languages/language-ids.ts';
import { renderProject } from '../../../../src/project/render.ts';
import {
  changesBetween,
  pathPattern,
  removalReason,
  renamedPath,
  PROJECT_MIGRATIONS,
  type Migration,
} from '../../../../src/project/update/migrations.ts';
import { packageVersion } from '../../../../src/base/package-root.ts';
import { untouchedSpec } from '../../../support/untouched-project.ts';

const LANGUAGES: readonly (readonly [LanguageId, 'npm' | 'maven' | 'uv'])[] = [
  ['typescript', 'npm'],
  ['java', 'maven'],
  ['python', 'uv'],
];

const migration = (version: string, more: Partial<Migration>): Migration => ({
  ...{ version, renamed: [], removed: [], changes: [] },
  ...more,
});

/** What is wrong with the migrations, given every path that the templates of a language render. */
function migrationProblems(
  migrations: readonly Migration[],
  language: LanguageId,
  paths: readonly string[],
): readonly string[] {
  const matches = (pattern: string): boolean => paths.some((path) => pathPattern(pattern).test(path));
  return migrations.flatMap(({ version, renamed, removed }) => [
    ...renamed
      .filter((one) => one.language === language)
      .flatMap(({ from, to }) => [
        ...(matches(from) ? [`${version}: the templates still have ${from}`] : []),
        ...(paths.some((path) => pathPattern(renamedPath(migrations, language, to)).test(path))
          ? []
          : [`${version}: the templates do not have ${to}`]),
      ]),
    ...removed
      .filter((one) => one.language === language && matches(one.path))
      .map(({ path }) => `${version}: the templates still have ${path}`),
  ]);
}

describe('the migrations of this package', () => {
  it.each(LANGUAGES)('match the templates of %s', async (language, packageManager) => {
    const files = await renderProject(untouchedSpec(packageManager));
    const paths = files.map(({ path }) => path);
    expect(migrationProblems(PROJECT_MIGRATIONS, language, paths)).toEqual([]);
    // The check finds wrong data.
    const [path = ''] = paths;
    const wrong = migration('9.9.9', {
      renamed: [{ language, from: path, to: 'no/such.file' }],
      removed: [{ language, path, why: 'is gone' }],
    });
    expect(migrationProblems([wrong], language, paths)).toEqual([
      `9.9.9: the templates still have ${path}`,
      '9.9.9: the templates do not have no/such.file',
      `9.9.9: the templates still have ${path}`,
    ]);
  });

  it('are in order, and include this version', () => {
    const versions = PROJECT_MIGRATIONS.map(({ version }) => version);
    expect(versions).toEqual([...versions].sort((one, other) => one.localeCompare(other, 'en', { numeric: true })));
    expect(versions.at(-1)).toBe(packageVersion());
  });
});

describe('changesBetween', () => {
  it('lists the changes between two versions, with the breaking changes of a version first', () => {
    const migrations = [
      migration('1.10.0', { changes: [{ text: 'ten' }] }),
      migration('1.0.0', { changes: [{ text: 'one' }] }),
      migration('1.2.0', {
        changes: [
          { text: 'two' },
          { text: 'breaks', breaking: true, languages: ['java'] },
          { text: 'python', languages: ['python'] },
        ],
      }),
      migration('2.0.0', { changes: [{ text: 'later' }] }),
    ];
    expect(changesBetween(migrations, 'java', { from: '1.0.0', to: '1.10.0' })).toEqual([
      { version: '1.2.0', breaking: true, text: 'breaks' },
      { version: '1.2.0', breaking: false, text: 'two' },
      { version: '1.10.0', breaking: false, text: 'ten' },
    ]);
  });
});

describe('renamedPath', () => {
  const migrations = [
    migration('1.0.0', {
      renamed: [
        {
          language: 'java',
          from: 'src/{package}/{process}/{Name}Types.java',
          to: 'src/{package}/{process}/{Name}Model.java',
        },
        { language: 'typescript', from: 'a.ts', to: 'b.ts' },
      ],
    }),
    migration('1.1.0', {
      renamed: [{ language: 'typescript', from: 'b.ts', to: 'c.ts' }],
      removed: [{ language: 'python', path: 'src/{package}/old.py', why: 'is not needed' }],
    }),
  ];

  it('follows renames over several versions, in one language', () => {
    expect(renamedPath(migrations, 'typescript', 'a.ts')).toBe('c.ts');
    expect(renamedPath(migrations, 'python', 'a.ts')).toBe('a.ts');
    expect(renamedPath(migrations, 'typescript', 'axts')).toBe('axts');
  });

  it('keeps the names of packages and processes', () => {
    expect(renamedPath(migrations, 'java', 'src/com/acme/loan/LoanTypes.java')).toBe(
      'src/com/acme/loan/LoanModel.java',
    );
    expect(renamedPath(migrations, 'java', 'src/com/acme/loan/Types.txt')).toBe('src/com/acme/loan/Types.txt');
  });

  it('returns why a file was removed', () => {
    expect(removalReason(migrations, 'python', 'src/acme/loans/old.py')).toBe('is not needed');
    expect(removalReason(migrations, 'java', 'src/acme/loans/old.py')).toBeUndefined();
  });
});
