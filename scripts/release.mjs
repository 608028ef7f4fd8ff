// Prepares a release: `npm run release -- <version> [--dry-run]`. Everything is built and verified in a copy of the committed tree. Then the
// changed files and what was built (in dist-release/) are copied here, and the commands that publish are printed. `--dry-run` copies nothing,
// and continues where a release would be refused for something that can still be fixed.
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { lt, valid } from 'semver';
import { ROOT } from './bundle.mjs';
import { addMigration, releaseChangelog, repositoryOf, setVersion, writePackaging } from './release-files.mjs';
import { verifyProgram } from './verify-program.mjs';

const IS_WINDOWS = process.platform === 'win32';
const GREEN = '.test-output/green.json';
const OUTPUT = 'dist-release';
/** How to create a project in each language, and the command that checks it with its installed dependencies. */
const PROJECTS = {
  typescript: { options: ['--package-manager', 'npm'], check: ['npm', 'run', '--silent', 'lint'] },
  python: {
    options: ['--package-manager', 'pip'],
    check: [join('.venv', IS_WINDOWS ? 'Scripts' : 'bin', 'mypy')],
  },
  java: { options: [], check: [IS_WINDOWS ? 'mvnw.cmd' : './mvnw', '-q', '-B', 'test-compile'] },
};

const HISTORIES = [
  'libraries/typescript/test/support/released',
  'libraries/python/tests/released',
  'libraries/java/src/test/resources/released',
];

const { values, positionals } = parseArgs({ options: { 'dry-run': { type: 'boolean' } }, allowPositionals: true });
const isDryRun = values['dry-run'] === true;
const [version = '', ...others] = positionals;
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const repository = repositoryOf(manifest);
const work = mkdtempSync(join(tmpdir(), 'kuflow-release-'));
const tree = join(work, 'tree');
const output = join(work, OUTPUT);
try {
  checkRelease();
  copyTree();
  build();
  verifyPackage();
  step('verify the program');
  if (verifyProgram(join(output, 'program')) !== version) fail(`The program does not have version ${version}`);
  const made = readdirSync(output, { recursive: true }).filter((path) => statSync(join(output, path)).isFile());
  console.log(`\nBuilt, and verified in empty folders:\n${made.map((path) => `  ${path}`).join('\n')}`);
  if (!isDryRun) keep();
  printCommands();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  rmSync(work, { recursive: true, force: true, maxRetries: 5 });
}

/** Refuses what cannot be released. A dry run only reports what can be fixed before the release. */
function checkRelease() {
  if (valid(version) !== version || others.length > 0)
    fail('Usage: npm run release -- <version> [--dry-run], such as 1.2.3');
  if (lt(version, manifest.version)) fail(`${version} is older than ${manifest.version} in package.json`);
  if (git(['tag', '--list', `v${version}`]) !== '') fail(`v${version} is already a tag`);
  const changed = git(['status', '--porcelain']);
  if (changed !== '') fail(`The tree has changes that are not committed:\n${changed}`);
  console.log('✔ The tree is clean');
  const green = existsSync(join(ROOT, GREEN)) ? JSON.parse(readFileSync(join(ROOT, GREEN), 'utf8')) : {};
  const isGreen = green.tree === git(['rev-parse', 'HEAD^{tree}']);
  if (isGreen) console.log(`✔ .ci/run passed for this tree: ${green.totals} (${GREEN})`);
  const problems = [
    !isGreen && `No green run of this tree: run .ci/run, which records it in ${GREEN}`,
    repository === undefined && 'package.json has no "repository": see "The first release" in CONTRIBUTING.md',
    ...HISTORIES.map(
      (folder) => !existsSync(join(ROOT, folder, `${version}.json`)) && `${folder} has no history of ${version}`,
    ),
  ].filter(Boolean);
  if (problems.length > 0 && !isDryRun) fail(problems.join('\n'));
  for (const problem of problems) console.log(`! ${problem}`);
}

/** Clones the tree, and writes the version, the changelog and the migrations there. */
function copyTree() {
  step('copy the committed tree');
  run('git', ['clone', '--quiet', ROOT, tree], work);
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], tree);
  setVersion(tree, version);
  const today = new Date().toISOString().slice(0, 10);
  edit('CHANGELOG.md', (text) => releaseChangelog(text, version, today));
  const migrations = 'src/project/update/migrations.ts';
  edit(migrations, (text) => addMigration(text, version));
  run('npx', ['oxfmt', migrations], tree);
}

/** Replaces the text of a file in the copy. */
function edit(path, change) {
  writeFileSync(join(tree, path), change(readFileSync(join(tree, path), 'utf8')));
}

/** Builds the package, the libraries and the program of this platform, and writes them to the folder `output`. */
function build() {
  step('build');
  run('npm', ['run', '--silent', 'build'], tree);
  // The expected projects contain the version of the library.
  run('npx', ['vitest', 'run', '--silent', '--project', 'unit', 'test/unit/project/golden.test.ts', '-u'], tree);
  mkdirSync(output);
  run('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', output], tree);
  cpSync(join(tree, 'dist', 'libraries'), join(output, 'libraries'), { recursive: true });
  run(process.execPath, ['scripts/program.mjs', '--built'], tree);
  cpSync(join(tree, 'dist-program'), join(output, 'program'), { recursive: true });
  const address = repository ?? 'https://github.com/<owner>/<repository>';
  for (const left of writePackaging(join(output, 'program'), version, address))
    console.log(`- ${left}: the workflow builds it`);
}

/** Installs the package in an empty folder, and creates, installs and checks a project with each library. */
function verifyPackage() {
  step('verify the package and the libraries');
  const folder = join(work, 'package');
  mkdirSync(folder);
  run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', packedPackage()], folder);
  const bin = (name) => join(folder, 'node_modules', 'create-kuflow-worker', 'bin', `${name}.js`);
  for (const name of ['kuflow', 'create-kuflow-worker']) {
    const printed = run(process.execPath, [bin(name), '--version'], folder, 'pipe').trim();
    if (printed !== version) fail(`${name} --version printed ${printed}`);
    console.log(`✔ ${name} has version ${printed}`);
  }
  for (const [language, { options, check }] of Object.entries(PROJECTS)) {
    const name = `${language}-worker`;
    const create = [name, '--language', language, ...options, '--cli-package', `file:${packedPackage()}`];
    run(
      process.execPath,
      [bin('create-kuflow-worker'), ...create, '--local', '--yes', '--no-git', '--no-check'],
      folder,
    );
    const library = readdirSync(join(folder, name, '.kuflow', 'lib'), { recursive: true });
    if (!library.some((path) => path.includes(`-${version}`)))
      fail(`The library of ${name} does not have version ${version}`);
    run(check[0], check.slice(1), join(folder, name));
    console.log(`✔ ${check.join(' ')} passes in a new project with the ${language} library`);
  }
}

/** Copies the changed files to the tree, and what was built to dist-release/. */
function keep() {
  for (const path of run('git', ['diff', '--name-only'], tree, 'pipe').trim().split('\n'))
    copyFileSync(join(tree, path), join(ROOT, path));
  rmSync(join(ROOT, OUTPUT), { recursive: true, force: true });
  cpSync(output, join(ROOT, OUTPUT), { recursive: true });
}

function printCommands() {
  const commands = [
    ...[`git commit -am 'Release ${version}'`, `git tag v${version}`],
    // Trusted publishing needs a package that exists.
    ...(git(['tag', '--list', 'v*']) === ''
      ? [
          `npm publish ${OUTPUT}/create-kuflow-worker-${version}.tgz --access public`,
          '# Set up trusted publishing: see CONTRIBUTING.md',
        ]
      : []),
    `git push origin HEAD v${version}`,
  ];
  const why = isDryRun
    ? 'A dry run: nothing was changed. After a release, these commands publish'
    : 'Nothing is published yet. These commands publish';
  console.log(`\n${why} ${version}:\n\n${commands.map((command) => `  ${command}`).join('\n')}\n`);
  console.log(
    'When the tag is pushed, .github/workflows/release.yml tests, publishes to npm with provenance, and builds the programs for all platforms.',
  );
}

function packedPackage() {
  return join(output, `create-kuflow-worker-${version}.tgz`);
}

/** Runs a program, and returns its output with `pipe`. Its failure ends the release. */
function run(program, args, cwd, stdout = 'inherit') {
  // npm, npx and mvnw are scripts.
  const shell = IS_WINDOWS && !program.endsWith('.exe') && program !== 'git';
  return execFileSync(program, args, { cwd, shell, encoding: 'utf8', stdio: ['ignore', stdout, 'inherit'] });
}

function git(args) {
  return run('git', args, ROOT, 'pipe').trimEnd();
}

function step(name) {
  console.log(`\n── ${name}`);
}

function fail(message) {
  throw new Error(message);
}
