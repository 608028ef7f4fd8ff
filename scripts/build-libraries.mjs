// Builds the libraries of the languages as the archives that projects contain: `libraries/<language>` to `dist/libraries/<language>`.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
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

/** Builds what has changed, all at the same time. Returns the archive of each language, or why it was left out. */
export async function buildLibraries() {
  return await Promise.all(
    Object.entries(BUILDERS).map(async ([language, build]) => {
      const hash = hashOf(join(ROOT, 'libraries', language));
      const archive = join(CACHE, `${language}-${hash}`);
      const reason = existsSync(archive)
        ? undefined
        : await buildInto(archive, language, (...folders) => build(...folders, hash));
      return { language, archive, reason };
    }),
  );
}

/** Copies the archives below `outdir`. Returns the languages that were left out, with the reason. */
export function copyLibraries(built, outdir) {
  const left = built.filter(({ reason }) => reason !== undefined);
  for (const { language, archive, reason } of built)
    if (reason === undefined) cpSync(archive, join(outdir, language), { recursive: true });
  return left.map(({ language, reason }) => `${language} (${reason})`);
}

async function buildInto(archive, language, build) {
  for (const old of existsSync(CACHE) ? readdirSync(CACHE) : [])
    if (old.startsWith(`${language}-`)) rmSync(join(CACHE, old), { recursive: true });
  const partial = `${archive}.partial`;
  mkdirSync(partial, { recursive: true });
  const reason = await build(join(ROOT, 'libraries', language), partial);
  if (reason === undefined) cpSync(partial, archive, { recursive: true });
  rmSync(partial, { recursive: true });
  return reason;
}

/** Needs no dependency of the library, because it does not check types: `npm run lint` in its folder does. */
async function packPackage(folder, output) {
  rmSync(join(folder, 'dist'), { recursive: true, force: true });
  const compiler = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  await run(process.execPath, [compiler, '-p', join(folder, 'tsconfig.build.json')]);
  await run('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', output, folder], {
    shell: IS_WINDOWS,
  });
  return undefined;
}

async function run(program, args, options) {
  try {
    await promisify(execFile)(program, args, options);
  } catch (error) {
    const output = `${error.stdout ?? ''}${error.stderr ?? ''}`;
    throw new Error(`${program} ${args.join(' ')} failed:\n${output === '' ? error.message : output}`, {
      cause: error,
    });
  }
}

async function succeeds(program, args, options) {
  return await run(program, args, options).then(
    () => true,
    () => false,
  );
}

async function buildWheel(folder, output) {
  const python = IS_WINDOWS ? 'python' : 'python3';
  if (!(await succeeds(python, ['-m', 'pip', '--version']))) return 'Python with pip is not installed';
  const options = ['--quiet', '--disable-pip-version-check', '--no-deps', '--wheel-dir', output];
  await run(python, ['-m', 'pip', 'wheel', ...options, folder]);
  copyFileSync(join(folder, 'README.md'), join(output, 'kuflow-worker-python.md'));
  return undefined;
}

/**
 * A Maven repository with the library. Its version has a part of the hash, because Maven keeps what it has ever found with a version in the
 * repository of the user.
 */
async function buildMavenRepository(folder, output, hash) {
  if (!(await succeeds('javac', ['-version'], { shell: IS_WINDOWS }))) return 'a JDK is not installed';
  const maven = join(ROOT, 'templates/java', IS_WINDOWS ? 'mvnw.cmd' : 'mvnw');
  const args = ['-B', '-ntp', '-q', '-Dmaven.test.skip', '-Dspotless.check.skip', 'package'];
  await run(maven, args, { cwd: folder, shell: IS_WINDOWS });
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
