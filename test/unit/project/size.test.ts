import { describe, expect, it } from 'vitest';
import { libraryFiles } from '../../../src/languages/worker-library.ts';
import { LANGUAGE_IDS, type LanguageId } from '../../../src/languages/language-ids.ts';
import type { ProjectSpec } from '../../../src/languages/project-spec.ts';
import { languageOf } from '../../../src/languages/all-languages.ts';
import { textOf } from '../../../src/languages/planned-file.ts';
import { planProject } from '../../../src/project/plan.ts';
import { sampleDefinition } from '../../../src/process/sample.ts';

/** What a team can review in its first commit. Lock files, scripts that run other programs, the archive of the library, and the copy of the published schema are not counted. */
const LIMITS: Readonly<Record<LanguageId, { readonly files: number; readonly lines: number }>> = {
  typescript: { files: 34, lines: 1_200 },
  java: { files: 42, lines: 1_600 },
  python: { files: 36, lines: 1_100 },
};
// The test in the README takes 22 of these lines.
const README_LINES = 92;
const NOT_COUNTED =
  /^\.kuflow\/kuflow\.process\.schema\.json$|^(?:kuflow|mvnw)(?:\.cmd)?$|^\.mvn\/wrapper\/|^requirements(?:-dev)?\.txt$/;

const projects = LANGUAGE_IDS.flatMap((language) =>
  languageOf({ language }).packageManagers.map((packageManager) => ({ language, packageManager })),
);

describe.each(projects)('a $language project with $packageManager', ({ language, packageManager }) => {
  const { packageNames, tools } = languageOf({ language });
  const spec: ProjectSpec = {
    ...{ name: 'loan-worker', language, packageManager, cliPackage: '1.0.0', local: true, slug: 'loan' },
    packageName: packageNames?.suggest('loan-worker'),
    processes: [{ definition: sampleDefinition(), source: 'sample' }],
  };

  it('is small enough for a review', async () => {
    const files = await planProject(spec, { version: '1.0.0', command: 'create' });
    const omitted = [...tools.lockFiles(packageManager), ...libraryFiles(spec).map(({ path }) => path)];
    const counted = files.filter(({ path }) => !omitted.includes(path) && !NOT_COUNTED.test(path));
    const linesOf = (text = ''): number => (text.includes('\0') ? 0 : text.split('\n').length - 1);
    const lines = counted.map((file) => ({ path: file.path, lines: linesOf(textOf(file)) }));
    const list = lines.map((row) => `${row.lines} ${row.path}`).join('\n');
    expect(counted.length, list).toBeLessThanOrEqual(LIMITS[language].files);
    const sum = lines.reduce((total, row) => total + row.lines, 0);
    expect(sum, list).toBeLessThanOrEqual(LIMITS[language].lines);
    expect(lines.find(({ path }) => path === 'README.md')?.lines).toBeLessThanOrEqual(README_LINES);
    expect(lines.find(({ path }) => path === 'AGENTS.md')?.lines).toBeLessThanOrEqual(60);
  });
});
