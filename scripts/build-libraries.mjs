// Builds the libraries of the languages as the archives that projects contain: `libraries/<language>` to `dist/libraries/<language>`.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './bundle.mjs';

// Archives by the hash of their sources, so that only a changed library is built.
const CACHE = join(ROOT, 'libraries', '.archives');
const NOT_SOURCES = new Set(
  '.venv __pycache__ .mypy_cache .pytest_cache .ruff_cache dist target node_modules tests test package-lock.json uv.lock .gitignore'.split(
    ' ',
  ),
);

const IS_WINDOWS = process.platform === 'win32';

/** How to build the archive of each library into a folder. Returns why it is impossible on this machine, or undefined. */
const BUILDERS = { typescript: packPackage, java: buildMavenRepository, python: buildWheel };

/** Builds what has changed, and copies every archive below `outdir`. Returns the languages that were left out, with the reason. */
export function buildLibraries(outdir) {
  const left = [];
  for (const [language, build] of Object.entries(BUILDERS)) {
    const hash = hashOf(join(ROOT, 'libraries', language));
    const archive = join(CACHE, `${language}-${hash}`);
    const reason = existsSync(archive)
      ? undefined
      : buildInto(archive, language, (...folders) => build(...folders, hash));
    if (reason === undefined) cpSync(archive, join(outdir, language), { recursive: true });
    else left.push(`${language} (${reason})`);
  }
  return left;
}

function buildInto(archive, language, build) {
  for (const old of existsSync(CACHE) ? readdirSync(CACHE) : [])
    if (old.startsWith(`${language}-`)) rmSync(join(CACHE, old), { recursive: true });
  const partial = `${archive}.partial`;
  mkdirSync(partial, { recursive: true });
  const reason = build(join(ROOT, 'libraries', language), partial);
  if (reason === undefined) cpSync(partial, archive, { recursive: true });
  rmSync(partial, { recursive: true });
  return reason;
}

/** Needs no dependency of the library, because it does not check types: `npm run lint` in its folder does. */
function packPackage(folder, output) {
  rmSync(join(folder, 'dist'), { recursive: true, force: true });
  const compiler = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  run(process.execPath, [compiler, '-p', join(folder, 'tsconfig.build.json')]);
  run('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', output, folder], { shell: IS_WINDOWS });
  return undefined;
}

function run(program, args, options) {
  const { status, stdout, stderr, error } = spawnSync(program, args, { ...options, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} failed:\n${error?.message ?? `${stdout}${stderr}`}`);
}

function buildWheel(folder, output) {
  const python = IS_WINDOWS ? 'python' : 'python3';
  if (spawnSync(python, ['-m', 'pip', '--version']).status !== 0) return 'Python with pip is not installed';
  const options = ['--quiet', '--disable-pip-version-check', '--no-deps', '--wheel-dir', output];
  run(python, ['-m', 'pip', 'wheel', ...options, folder]);
  copyFileSync(join(folder, 'README.md'), join(output, 'kuflow-worker-python.md'));
  return undefined;
}

/**
 * A Maven repository with the library. Its version has a part of the hash, because Maven keeps what it has ever found with a version in the
 * repository of the user.
 */
function buildMavenRepository(folder, output, hash) {
  if (spawnSync('javac', ['-version'], { shell: IS_WINDOWS }).status !== 0) return 'a JDK is not installed';
  const maven = join(ROOT, 'templates/java', IS_WINDOWS ? 'mvnw.cmd' : 'mvnw');
  const args = ['-B', '-ntp', '-q', '-Dmaven.test.skip', '-Dspotless.check.skip', 'package'];
  run(maven, args, { cwd: folder, shell: IS_WINDOWS });
  writeMavenRepository(folder, output, hash.slice(0, 8));
  copyFileSync(join(folder, 'README.md'), join(output, 'kuflow-worker-java.md'));
  return undefined;
}

/** Writes what Maven has built in a folder as a Maven repository, with a suffix in the version. Returns the version. */
export function writeMavenRepository(folder, output, suffix) {
  const pom = readFileSync(join(folder, 'pom.xml'), 'utf8');
  const [element, built] = /(?<=<artifactId>kuflow-worker<\/artifactId>\s*)<version>([^<]+)<\/version>/.exec(pom) ?? [];
  if (element === undefined) throw new Error(`${folder}/pom.xml does not contain the version of kuflow-worker`);
  const version = `${built}-${suffix}`;
  const target = join(output, 'kuflow/worker/kuflow-worker', version);
  mkdirSync(target, { recursive: true });
  const name = (end) => join(target, `kuflow-worker-${version}${end}`);
  for (const end of ['.jar', '-sources.jar'])
    copyFileSync(join(folder, 'target', `kuflow-worker-${built}${end}`), name(end));
  writeFileSync(name('.pom'), pom.replace(element, `<version>${version}</version>`));
  // Without checksums, Maven warns.
  for (const end of ['.jar', '-sources.jar', '.pom'])
    writeFileSync(
      name(`${end}.sha1`),
      createHash('sha1')
        .update(readFileSync(name(end)))
        .digest('hex'),
    );
  return version;
}

/** A hash of the sources of a library. */
export function hashOf(folder) {
  const hash = createHash('sha256');
  for (const path of sourcesIn(folder))
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(folder, path)))
      .update('\0');
  return hash.digest('hex').slice(0, 16);
}

/** The files that the archive depends on. */
function sourcesIn(folder, prefix = '') {
  return readdirSync(join(folder, prefix), { withFileTypes: true })
    .filter(({ name }) => !NOT_SOURCES.has(name))
    .flatMap((entry) => {
      const path = prefix === '' ? entry.name : `${prefix}/${entry.name}`;
      return entry.isDirectory() ? sourcesIn(folder, path) : [path];
    })
    .sort();
}
