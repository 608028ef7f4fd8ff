// Resolves the dependencies of the generated projects, and writes the lock files of the templates: `npm run locks [-- --before <date>]`.
// By default, only versions that are at least three days old: broken and malicious releases are usually withdrawn within days.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT } from './bundle.mjs';

/** The name of the projects in the lock files, which `create` replaces. */
const NAME = 'example-worker';
const OWN_PACKAGE = 'create-kuflow-worker';
const REGISTRY = 'https://registry.npmjs.org';
const DAY_MS = 86_400_000;

const { values } = parseArgs({ options: { before: { type: 'string' } } });
const before = new Date(values.before ?? Date.now() - 3 * DAY_MS).toISOString();
const shell = process.platform === 'win32';
const folder = mkdtempSync(join(tmpdir(), 'kuflow-locks-'));
try {
  writeNodeLocks();
  writePythonLocks();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function run(program, args, cwd, env = {}) {
  execFileSync(program, args, { cwd, env: { ...process.env, ...env }, stdio: 'inherit', shell });
}

/** Creates a project without installing it, and returns its folder. */
function createProject(language, manager) {
  const parent = join(folder, manager);
  mkdirSync(parent);
  const options = ['--local', '--yes', '--no-install', '--no-git', '--no-check', '--no-workspace'];
  const chosen = ['--language', language, '--package-manager', manager];
  run(process.execPath, [join(ROOT, 'bin', 'create-kuflow-worker.js'), NAME, ...chosen, ...options], parent);
  return join(parent, NAME);
}

function template(language, name) {
  return join(ROOT, 'templates', language, name);
}

/** npm resolves. pnpm and Bun take the versions over from its lock file; Yarn cannot read it. */
function writeNodeLocks() {
  const project = createProject('typescript', 'npm');
  const lock = join(project, 'package-lock.json');
  rmSync(lock, { force: true });
  removeOwnPackage(project);
  const npm = shell ? 'npm.cmd' : 'npm';
  resolveWithNpm(npm, project);
  writeFileSync(lock, usePublicRegistry(readFileSync(lock, 'utf8')));
  writeLibraryLock(npm, lock);
  // Fails if a package is missing, such as an optional one that the registry does not have.
  run(npm, ['ci', '--dry-run', '--ignore-scripts', '--no-audit', '--no-fund'], project);
  copyFileSync(lock, template('typescript', 'package-lock.json'));

  for (const [manager, args, name] of [
    ['pnpm', ['import'], 'pnpm-lock.yaml'],
    ['bun', ['pm', 'migrate'], 'bun.lock'],
  ]) {
    const other = createProject('typescript', manager);
    removeOwnPackage(other);
    rmSync(join(other, name), { force: true });
    copyFileSync(lock, join(other, 'package-lock.json'));
    const PATH = [installManager(npm, manager, other), process.env['PATH']].join(delimiter);
    run(manager, args, other, { PATH });
    copyFileSync(join(other, name), template('typescript', name));
  }
}

function resolveWithNpm(npm, cwd) {
  const options = ['--ignore-scripts', '--no-audit', '--no-fund'];
  run(npm, ['install', '--package-lock-only', ...options, '--before', before], cwd);
}

/** The tests of the library run with the versions that projects have. */
function writeLibraryLock(npm, projectLock) {
  const library = join(folder, 'library');
  mkdirSync(library);
  copyFileSync(join(ROOT, 'libraries', 'typescript', 'package.json'), join(library, 'package.json'));
  copyFileSync(projectLock, join(library, 'package-lock.json'));
  resolveWithNpm(npm, library);
  const text = usePublicRegistry(readFileSync(join(library, 'package-lock.json'), 'utf8'));
  writeFileSync(join(ROOT, 'libraries', 'typescript', 'package-lock.json'), text);
}

/** uv resolves, for projects and for the tests of the library, and exports the versions of projects for pip. */
function writePythonLocks() {
  const project = createProject('python', 'uv');
  const [, version] = / uv==(\S+)/.exec(readFileSync(join(project, 'Dockerfile'), 'utf8'));
  const environment = join(folder, 'uv-environment');
  const programs = join(environment, shell ? 'Scripts' : 'bin');
  run(shell ? 'py' : 'python3', ['-m', 'venv', environment], folder);
  run(join(programs, 'python'), ['-m', 'pip', 'install', '--quiet', `uv==${version}`], folder);
  const uv = (args, cwd = project) => run(join(programs, 'uv'), args, cwd);
  for (const place of [project, join(ROOT, 'libraries', 'python')]) {
    const lock = join(place, 'uv.lock');
    rmSync(lock, { force: true });
    uv(['lock', '--exclude-newer', before], place);
    // With this option, uv would resolve again wherever it is not set.
    writeFileSync(lock, readFileSync(lock, 'utf8').replace(/^\[options\]\nexclude-newer = .*\n\n/m, ''));
    uv(['lock', '--check'], place);
  }
  copyFileSync(join(project, 'uv.lock'), template('python', 'uv.lock'));
  const exportEntries = (...args) => {
    const path = join(project, 'exported.txt');
    uv(['export', '--quiet', '--frozen', '--no-emit-project', '--no-header', '--no-annotate', ...args, '-o', path]);
    return readFileSync(path, 'utf8').split(/^(?=\S)/m);
  };
  const [needed, all] = [exportEntries('--no-dev'), exportEntries()];
  writeRequirements('requirements.txt', 'all dependencies that the worker needs', needed);
  const others = all.filter((entry) => !needed.includes(entry));
  const about = 'the dependencies that development needs in addition';
  writeRequirements('requirements-dev.txt', about, ['-r requirements.txt\n', ...others]);
}

function writeRequirements(name, about, entries) {
  writeFileSync(template('python', name), `# The tested versions of ${about}, with checksums.\n${entries.join('')}`);
}

/** The package manager adds this package when it installs a project. */
function removeOwnPackage(project) {
  const path = join(project, 'package.json');
  const manifest = JSON.parse(readFileSync(path, 'utf8'));
  const devDependencies = Object.entries(manifest.devDependencies).filter(([name]) => name !== OWN_PACKAGE);
  const changed = { ...manifest, devDependencies: Object.fromEntries(devDependencies) };
  writeFileSync(path, JSON.stringify(changed, undefined, 2));
}

/** Names the public registry in all packages, whatever registry resolved them. npm replaces it with the configured registry. */
function usePublicRegistry(text) {
  const lock = JSON.parse(text);
  for (const [path, entry] of Object.entries(lock.packages)) {
    if (path === '') continue;
    if (entry.integrity === undefined) throw new Error(`${path} has no integrity`);
    // The library, which the project contains.
    if (entry.resolved?.startsWith('file:.kuflow/')) continue;
    const name = entry.name ?? path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
    const own = entry.name === undefined ? {} : { name };
    const resolved = `${REGISTRY}/${name}/-/${name.slice(name.indexOf('/') + 1)}-${entry.version}.tgz`;
    // In the order of npm.
    lock.packages[path] = { ...own, version: entry.version, resolved, ...{ ...entry, resolved } };
  }
  return `${JSON.stringify(lock, undefined, 2)}\n`;
}

/** Installs the version of a package manager that the image of a project uses, and returns the folder of the program. */
function installManager(npm, name, project) {
  const [, version] = new RegExp(` ${name}@(\\S+)`).exec(readFileSync(join(project, 'Dockerfile'), 'utf8'));
  const path = join(folder, `program-${name}`);
  mkdirSync(path);
  const manifest = { private: true, dependencies: { [name]: version }, allowScripts: { [name]: true } };
  writeFileSync(join(path, 'package.json'), JSON.stringify(manifest));
  run(npm, ['install', '--no-audit', '--no-fund', '--no-package-lock'], path);
  return join(path, 'node_modules', '.bin');
}
