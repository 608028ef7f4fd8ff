import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LANGUAGES, type LanguageId } from '../../../src/languages/language-ids.ts';
import { languageOf } from '../../../src/languages/all-languages.ts';
import { matchesPatterns, type Workspace } from '../../../src/languages/workspace.ts';
import { temporaryFolders } from '../../support/temporary-folder.ts';

const temporaryFolder = temporaryFolders();

interface Case {
  readonly what: string;
  readonly language: LanguageId;
  /** The files of the root. */
  readonly files: Readonly<Record<string, string>>;
  readonly manager: string;
  /** The file that changes, and its lines after the change. */
  readonly file: string;
  readonly after: string;
}

const PATH = 'tools/loan-worker';
const BUILDS = "  '@swc/core': false\n  esbuild: false\n  protobufjs: false\n";
const pom = (inner: string): string =>
  `<?xml version="1.0"?>\n<project>\n  <!-- <modules><module>old</module></modules> -->\n${inner}</project>\n`;

const CASES: readonly Case[] = [
  {
    what: 'npm, a list on one line',
    language: 'typescript',
    files: {
      'package.json': '{\n\t"name": "acme",\n\t"workspaces": ["packages/*"],\n\t"private": true\n}\n',
      'package-lock.json': '{}',
    },
    manager: 'npm',
    file: 'package.json',
    after: '{\n\t"name": "acme",\n\t"workspaces": ["packages/*", "tools/loan-worker"],\n\t"private": true\n}\n',
  },
  {
    what: 'npm, a list on several lines, CRLF and no final line end',
    language: 'typescript',
    files: { 'package.json': '{\r\n    "workspaces": [\r\n        "packages/*",\r\n        "a b"\r\n    ]\r\n}' },
    manager: 'npm',
    file: 'package.json',
    after:
      '{\r\n    "workspaces": [\r\n        "packages/*",\r\n        "a b",\r\n        "tools/loan-worker"\r\n    ]\r\n}',
  },
  {
    what: 'npm, an empty list and a byte order mark',
    language: 'typescript',
    files: { 'package.json': '\ufeff{ "workspaces": [] }\n' },
    manager: 'npm',
    file: 'package.json',
    after: '\ufeff{ "workspaces": ["tools/loan-worker"] }\n',
  },
  {
    what: 'npm, no list',
    language: 'typescript',
    files: { 'package.json': '{\n  "name": "acme \\"}]\\" [",\n  "scripts": {}\n}\n' },
    manager: 'npm',
    file: 'package.json',
    after: '{\n  "name": "acme \\"}]\\" [",\n  "scripts": {},\n  "workspaces": [\n    "tools/loan-worker"\n  ]\n}\n',
  },
  {
    what: 'Yarn 1, an object with packages',
    language: 'typescript',
    files: {
      'package.json': '{\n  "workspaces": {\n    "packages": ["packages/*"],\n    "nohoist": []\n  }\n}\n',
      'yarn.lock': '# yarn lockfile v1\n',
    },
    manager: 'yarn@1',
    file: 'package.json',
    after: '{\n  "workspaces": {\n    "packages": ["packages/*", "tools/loan-worker"],\n    "nohoist": []\n  }\n}\n',
  },
  {
    what: 'Yarn 4 with node_modules',
    language: 'typescript',
    files: {
      'package.json': '{"packageManager":"yarn@4.9.0","workspaces":["a"]}',
      '.yarnrc.yml': 'nodeLinker: node-modules\n',
    },
    manager: 'yarn@4',
    file: 'package.json',
    after: '{"packageManager":"yarn@4.9.0","workspaces":["a", "tools/loan-worker"]}',
  },
  {
    what: 'Bun',
    language: 'typescript',
    files: { 'package.json': '{"workspaces":["!x","a"]}', 'bun.lock': '' },
    manager: 'bun',
    file: 'package.json',
    after: '{"workspaces":["!x","a", "tools/loan-worker"]}',
  },
  {
    what: 'pnpm, a list with comments',
    language: 'typescript',
    files: {
      'package.json': '{"packageManager":"pnpm@12.0.0"}',
      'pnpm-workspace.yaml':
        "# Ours\npackages:\n- 'packages/*' # all\n# end of the list\n\nallowBuilds:\n    esbuild: true\n",
    },
    manager: 'pnpm',
    file: 'pnpm-workspace.yaml',
    after:
      "# Ours\npackages:\n- 'packages/*' # all\n- tools/loan-worker\n# end of the list\n\nallowBuilds:\n    esbuild: true\n    '@swc/core': false\n    protobufjs: false\n",
  },
  {
    what: 'pnpm, a list in brackets, CRLF',
    language: 'typescript',
    files: { 'package.json': '{}', 'pnpm-workspace.yaml': "packages: ['packages/*']\r\n" },
    manager: 'pnpm',
    file: 'pnpm-workspace.yaml',
    after: `packages: ['packages/*', "tools/loan-worker"]\r\nallowBuilds:\n${BUILDS}`.replaceAll(/(?<!\r)\n/g, '\r\n'),
  },
  {
    what: 'pnpm, settings without a list',
    language: 'typescript',
    files: { 'package.json': '{}', 'pnpm-lock.yaml': '', 'pnpm-workspace.yaml': 'allowBuilds:\n  esbuild: false' },
    manager: 'pnpm',
    file: 'pnpm-workspace.yaml',
    after:
      "allowBuilds:\n  esbuild: false\n  '@swc/core': false\n  protobufjs: false\npackages:\n  - tools/loan-worker",
  },
  {
    what: 'pnpm, no settings',
    language: 'typescript',
    files: { 'package.json': '{}', 'pnpm-lock.yaml': '' },
    manager: 'pnpm',
    file: 'pnpm-workspace.yaml',
    after: `packages:\n  - tools/loan-worker\nallowBuilds:\n${BUILDS}`,
  },
  {
    what: 'Maven, modules with a comment and a profile',
    language: 'java',
    files: {
      'pom.xml': pom(
        '  <packaging>pom</packaging>\n  <modules>\n    <module>a</module> <!-- first -->\n    <!-- <module>b</module> -->\n  </modules>\n  <profiles><profile><modules><module>c</module></modules></profile></profiles>\n',
      ),
    },
    manager: 'maven',
    file: 'pom.xml',
    after: pom(
      '  <packaging>pom</packaging>\n  <modules>\n    <module>a</module> <!-- first -->\n    <module>tools/loan-worker</module>\n    <!-- <module>b</module> -->\n  </modules>\n  <profiles><profile><modules><module>c</module></modules></profile></profiles>\n',
    ),
  },
  {
    what: 'Maven, no modules, tabs and CRLF',
    language: 'java',
    files: { 'pom.xml': '<project>\r\n\t<packaging>pom</packaging>\r\n</project>\r\n' },
    manager: 'maven',
    file: 'pom.xml',
    after:
      '<project>\r\n\t<packaging>pom</packaging>\r\n\t<modules>\r\n\t\t<module>tools/loan-worker</module>\r\n\t</modules>\r\n</project>\r\n',
  },
  {
    what: 'Maven, empty modules',
    language: 'java',
    files: { 'pom.xml': '<project>\n  <modules/>\n  <packaging>pom</packaging>\n</project>' },
    manager: 'maven',
    file: 'pom.xml',
    after:
      '<project>\n  <modules>\n    <module>tools/loan-worker</module>\n  </modules>\n  <packaging>pom</packaging>\n</project>',
  },
  {
    what: 'Maven 4, subprojects',
    language: 'java',
    files: {
      'pom.xml':
        '<project>\n  <packaging>pom</packaging>\n  <subprojects>\n    <!-- none yet -->\n  </subprojects>\n</project>\n',
    },
    manager: 'maven',
    file: 'pom.xml',
    after:
      '<project>\n  <packaging>pom</packaging>\n  <subprojects>\n    <!-- none yet -->\n    <subproject>tools/loan-worker</subproject>\n  </subprojects>\n</project>\n',
  },
  {
    what: 'uv, a list on several lines with comments',
    language: 'python',
    files: {
      'pyproject.toml':
        '[project]\nname = "acme"\n\n[tool.uv.workspace]\nmembers = [\n    "libs/*", # ours\n    "app"\n    # end\n]\nexclude = ["libs/old"]\n',
    },
    manager: 'uv',
    file: 'pyproject.toml',
    after:
      '[project]\nname = "acme"\n\n[tool.uv.workspace]\nmembers = [\n    "libs/*", # ours\n    "app",\n    "tools/loan-worker"\n    # end\n]\nexclude = ["libs/old"]\n',
  },
  {
    what: 'uv, a list with several elements on a line',
    language: 'python',
    files: { 'pyproject.toml': '[tool.uv.workspace]\nmembers = [\n    "apps/*", "libs/*"\n]\n' },
    manager: 'uv',
    file: 'pyproject.toml',
    after: '[tool.uv.workspace]\nmembers = [\n    "apps/*", "libs/*",\n    "tools/loan-worker"\n]\n',
  },
  {
    what: 'uv, a list with only a comment',
    language: 'python',
    files: { 'pyproject.toml': '[tool.uv.workspace]\nmembers = [\n    # none yet\n]\n' },
    manager: 'uv',
    file: 'pyproject.toml',
    after: '[tool.uv.workspace]\nmembers = [\n    # none yet\n    "tools/loan-worker",\n]\n',
  },
  {
    what: 'uv, a list on one line, CRLF',
    language: 'python',
    files: { 'pyproject.toml': '[tool.uv]\r\nworkspace = { members = ["libs/*"] }\r\n' },
    manager: 'uv',
    file: 'pyproject.toml',
    after: '[tool.uv]\r\nworkspace = { members = ["libs/*", "tools/loan-worker"] }\r\n',
  },
  {
    what: 'uv, a table without members',
    language: 'python',
    files: { 'pyproject.toml': '[tool.uv.workspace]\nexclude = ["x"] # not ours\n' },
    manager: 'uv',
    file: 'pyproject.toml',
    after: '[tool.uv.workspace]\nexclude = ["x"] # not ours\nmembers = ["tools/loan-worker"]\n',
  },
  {
    what: 'uv, no workspace',
    language: 'python',
    files: { 'pyproject.toml': '[project]\nname = "acme"\n' },
    manager: 'uv',
    file: 'pyproject.toml',
    after: '[project]\nname = "acme"\n\n[tool.uv.workspace]\nmembers = ["tools/loan-worker"]\n',
  },
];

/** The workspace in a folder, as its files are now. */
async function workspaceIn(root: string, language: LanguageId): Promise<Workspace> {
  const read = await languageOf({ language }).workspace();
  const readText = (name: string): string | undefined =>
    existsSync(join(root, name)) ? readFileSync(join(root, name), 'utf8') : undefined;
  const found = read({ root, readText, env: {} });
  if (found === undefined) throw new Error(`no ${LANGUAGES[language]} project`);
  return found;
}

describe('the list of a workspace', () => {
  it.each(CASES)(
    'gets a member and keeps every other byte: $what',
    async ({ language, files, manager, file, after }) => {
      const root = temporaryFolder();
      for (const [name, text] of Object.entries(files)) writeFileSync(join(root, name), text);
      const workspace = await workspaceIn(root, language);
      expect(workspace).toMatchObject({ packageManager: manager, file });
      expect(workspace.problem).toBeUndefined();
      expect(workspace.includes(PATH)).toBe(false);
      const edits = workspace.join(PATH);
      expect(edits).toEqual([{ path: file, before: files[file], after }]);

      writeFileSync(join(root, file), after);
      const joined = await workspaceIn(root, language);
      expect(joined.includes(PATH)).toBe(true);
      expect(joined.join(PATH)).toEqual([]);
    },
  );

  it.each([
    ['typescript', { 'package.json': '{"workspaces":' }, /^package\.json can't be used: it is not valid JSON, line 1$/],
    ['typescript', { 'package.json': '[]' }, /it is not a JSON object$/],
    [
      'typescript',
      { 'package.json': '{}', 'pnpm-workspace.yaml': 'packages: [' },
      /^pnpm-workspace\.yaml can't be used/,
    ],
    [
      'java',
      { 'pom.xml': '<project><modules></project>' },
      /^pom\.xml can't be used: it is not a valid Maven project$/,
    ],
    ['java', { 'pom.xml': 'secret' }, /^pom\.xml can't be used/],
    ['python', { 'pyproject.toml': '[tool' }, /^pyproject\.toml can't be used: it is not valid TOML/],
    [
      'python',
      { 'pyproject.toml': '[x]\nd=2024-02-30' },
      /^pyproject\.toml can't be used: it is not valid TOML.*, line 2$/,
    ],
  ] as const)('is not read from a malformed file: %s %j', async (language, files, message) => {
    const root = temporaryFolder();
    for (const [name, text] of Object.entries(files)) writeFileSync(join(root, name), text);
    await expect(workspaceIn(root, language)).rejects.toThrow(message);
  });

  it.each([
    ['typescript', { 'package.json': '{"workspaces":"packages/*"}' }, /workspaces is not an array/],
    [
      'typescript',
      { 'package.json': '{"workspaces":["*/*","!tools/*"]}' },
      /package\.json excludes tools\/loan-worker/,
    ],
    [
      'typescript',
      { 'package.json': '{}', 'pnpm-workspace.yaml': 'packages: &all\n  - a\nx: *all\n' },
      /can't be edited/,
    ],
    ['python', { 'pyproject.toml': '[tool.uv.workspace]\nmembers=["*/*"]\nexclude=["tools/*"]' }, /excludes tools/],
    ['python', { 'pyproject.toml': '[tool.uv]\nworkspace = 1\n' }, /can't be edited/],
  ] as const)('is not edited where that is not safe: %s %j', async (language, files, message) => {
    const root = temporaryFolder();
    for (const [name, text] of Object.entries(files)) writeFileSync(join(root, name), text);
    const workspace = await workspaceIn(root, language);
    expect(() => workspace.join(PATH)).toThrow(message);
  });

  it('is not offered by a Maven project that has code, nor by Yarn without node_modules', async () => {
    const root = temporaryFolder();
    writeFileSync(join(root, 'pom.xml'), '<project><artifactId>a</artifactId></project>');
    expect((await workspaceIn(root, 'java')).problem).toBe(
      'has the packaging jar, and only a project with the packaging pom can have modules',
    );
    writeFileSync(join(root, 'package.json'), '{"packageManager":"yarn@4.9.0","workspaces":["*"]}');
    expect((await workspaceIn(root, 'typescript')).problem).toContain('needs nodeLinker: node-modules');
  });
});

describe('patterns of members', () => {
  it.each([
    [['packages/*'], 'packages/a', true],
    [['packages/*'], 'packages/a/b', false],
    [['./packages/*/'], 'packages/a', true],
    [['packages/**'], 'packages/a/b', true],
    [['**/worker'], 'worker', true],
    [['**/worker'], 'a/b/worker', true],
    [['{apps,libs}/*'], 'libs/x', true],
    [['a.b'], 'aXb', false],
    [['p?'], 'p1', true],
    [['*', '!loan-*'], 'loan-worker', false],
    [[], 'a', false],
    [['['], 'a', false],
  ] as const)('%j and %s: %s', (patterns, path, expected) => {
    expect(matchesPatterns(patterns, path)).toBe(expected);
  });
});
