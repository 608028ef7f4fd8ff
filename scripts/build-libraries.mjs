// Builds the libraries of the languages as the archives that projects contain: `libraries/<language>` to `dist/libraries/<language>`.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './bundle.mjs';

// Archives by the hash of their sources, so that only a changed library is built.
const CACHE = join(ROOT, 'libraries', '.archives');
const NOT_SOURCES = new Set(
  '.venv __pycache__ .mypy_cache .pytest_cache .ruff_cache dist target node_modules test tests package-lock.json uv.lock .gitignore'.split(
    ' ',
  ),
);

/** How to build the archive of each library into a folder. Returns why it is impossible on this machine, or undefined. */
const BUILDERS = { typescript: packPackage, python: buildWheel };

/** Builds what has changed, and copies every archive below `outdir`. Returns the languages that were left out, with the reason. */
export function buildLibraries(outdir) {
  const left = [];
  for (const [language, build] of Object.entries(BUILDERS)) {
    const archive = join(CACHE, `${language}-${hashOf(join(ROOT, 'libraries', language))}`);
    const reason = existsSync(archive) ? undefined : buildInto(archive, language, build);
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
  const shell = process.platform === 'win32';
  run('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', output, folder], { shell });
  return undefined;
}

function run(program, args, options) {
  const { status, stdout, stderr, error } = spawnSync(program, args, { ...options, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} failed:\n${error?.message ?? `${stdout}${stderr}`}`);
}

function buildWheel(folder, output) {
  const python = process.platform === 'win32' ? 'python' : 'python3';
  if (spawnSync(python, ['-m', 'pip', '--version']).status !== 0) return 'Python with pip is not installed';
  const args = [
    '-m',
    'pip',
    'wheel',
    '--quiet',
    '--disable-pip-version-check',
    '--no-deps',
    '--wheel-dir',
    output,
    folder,
  ];
  run(python, args);
  return undefined;
}

function hashOf(folder) {
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
