// Builds kuflow as a standalone program for this platform, with Node.js in it: `npm run program [-- --built]`. Writes an archive with its checksum
// to dist-program/. `--built` uses the package as it is in dist/.
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import { build } from 'esbuild';
import { inject } from 'postject';
import { create } from 'tar';
import { ROOT } from './bundle.mjs';
import { sha256Of, TAR, writeChecksum } from './program-archive.mjs';

const IS_WINDOWS = process.platform === 'win32';
const IS_MAC = process.platform === 'darwin';
/** The marker in Node.js that Postject changes when it adds the script. */
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';
/** Loads ES modules for the launcher. */
const IMPORT = 'module.exports = (url) => import(url);\n';

if (!process.argv.includes('--built'))
  execFileSync(process.execPath, ['scripts/build.mjs'], { cwd: ROOT, stdio: 'inherit' });
const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const output = join(ROOT, 'dist-program');
const work = mkdtempSync(join(tmpdir(), 'kuflow-program-'));
try {
  rmSync(output, { recursive: true, force: true });
  mkdirSync(output);
  const file = await pack(await buildProgram());
  writeChecksum(file);
  console.log(`built ${file}, ${(statSync(file).size / 1e6).toFixed(0)} MB, with Node.js ${process.version}`);
} finally {
  rmSync(work, { recursive: true, force: true });
}

/** Builds the program in the folder `work`. Returns the names of the files there that belong in the archive. */
async function buildProgram() {
  const archive = packFiles();
  await build({
    entryPoints: [join(ROOT, 'scripts', 'launcher.ts')],
    outfile: join(work, 'launcher.cjs'),
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    logLevel: 'warning',
  });
  const config = {
    main: 'launcher.cjs',
    output: 'program.blob',
    disableExperimentalSEAWarning: true,
    assets: { archive, index: 'index.json' },
  };
  writeFileSync(join(work, 'sea.json'), JSON.stringify(config));
  const quiet = { cwd: work, stdio: ['ignore', 'ignore', 'inherit'] };
  execFileSync(process.execPath, ['--experimental-sea-config', 'sea.json'], quiet);
  const name = IS_WINDOWS ? 'kuflow.exe' : 'kuflow';
  const program = join(work, name);
  copyFileSync(process.execPath, program);
  chmodSync(program, 0o755);
  // macOS does not run unsigned programs. An ad hoc signature, without a certificate, is enough.
  if (IS_MAC) execFileSync('codesign', ['--remove-signature', program], quiet);
  await inject(program, 'NODE_SEA_BLOB', readFileSync(join(work, 'program.blob')), {
    sentinelFuse: FUSE,
    ...(IS_MAC && { machoSegmentName: 'NODE_SEA' }),
  });
  if (IS_MAC) execFileSync('codesign', ['--sign', '-', program], quiet);
  const licenses = { LICENSE: join(ROOT, 'LICENSE'), THIRD_PARTY_NOTICES: join(ROOT, 'THIRD_PARTY_NOTICES') };
  for (const [as, from] of Object.entries({ ...licenses, 'LICENSE.node': nodeLicense() }))
    copyFileSync(from, join(work, as));
  return [name, ...Object.keys(licenses), 'LICENSE.node'];
}

/** Writes the files of the package, and their index, for the launcher. Returns the name of the archive. */
function packFiles() {
  const packed = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: ROOT,
    encoding: 'utf8',
    shell: IS_WINDOWS,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const contents = Object.fromEntries(
    JSON.parse(packed)[0].files.map(({ path }) => [path, readFileSync(join(ROOT, path))]),
  );
  contents['import.cjs'] = Buffer.from(IMPORT);
  const files = Object.entries(contents);
  const params = {
    [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
    [constants.BROTLI_PARAM_QUALITY]: 9,
  };
  const text = JSON.stringify(Object.fromEntries(files.map(([path, bytes]) => [path, bytes.toString('base64')])));
  const bytes = brotliCompressSync(text, { params });
  const sha256 = sha256Of(bytes);
  const sizes = Object.fromEntries(files.map(([path, { length }]) => [path, length]));
  writeFileSync(join(work, 'files.br'), bytes);
  writeFileSync(join(work, 'index.json'), JSON.stringify({ name: `${version}-${sha256.slice(0, 16)}`, sha256, sizes }));
  return 'files.br';
}

/** Node.js may only be distributed with its license, which also lists those of its libraries. */
function nodeLicense() {
  const folder = dirname(process.execPath);
  const places = ['LICENSE', '../LICENSE', '../share/doc/nodejs/LICENSE', '../share/doc/node/LICENSE'];
  const found = places.map((place) => join(folder, place)).find((path) => existsSync(path));
  if (found === undefined) throw new Error(`The license of Node.js was not found: ${places.join(', ')} in ${folder}`);
  return found;
}

async function pack(names) {
  const platform = `${IS_WINDOWS ? 'windows' : process.platform}-${process.arch}`;
  const file = join(output, `kuflow-${version}-${platform}.${IS_WINDOWS ? 'zip' : 'tar.gz'}`);
  if (IS_WINDOWS) execFileSync(TAR, ['-a', '-cf', file, ...names], { cwd: work });
  else await create({ file, cwd: work, gzip: { level: 9 }, portable: true }, names);
  return file;
}
