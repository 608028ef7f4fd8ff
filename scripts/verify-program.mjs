// Verifies the archive of the standalone program in a folder: `node scripts/verify-program.mjs <folder>`. Unpacks it into an empty folder, and
// creates a project with it, without any other program on the PATH.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readChecksums, sha256Of, TAR } from './program-archive.mjs';

const IS_WINDOWS = process.platform === 'win32';

if (process.argv[1] === fileURLToPath(import.meta.url)) verifyProgram(process.argv[2]);

/** Returns the version that the program prints. Throws if it does not have its checksum or does not work. */
export function verifyProgram(from) {
  const [{ archive, sha256 }] = readChecksums(from);
  if (sha256Of(readFileSync(join(from, archive))) !== sha256)
    throw new Error(`${archive} does not have the checksum in ${archive}.sha256`);
  const folder = mkdtempSync(join(tmpdir(), 'kuflow-verify-'));
  try {
    execFileSync(TAR, ['-xf', join(from, archive), '-C', folder], { stdio: 'inherit' });
    const env = { ...process.env, PATH: folder, XDG_CACHE_HOME: join(folder, 'cache'), NODE_OPTIONS: '' };
    const kuflow = (...args) =>
      execFileSync(join(folder, IS_WINDOWS ? 'kuflow.exe' : 'kuflow'), args, {
        cwd: folder,
        env,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'inherit'],
      });
    const version = kuflow('--version').trim();
    kuflow('create', 'worker', '--language', 'python', '--local', '--yes', '--no-install', '--no-git', '--no-check');
    console.log(`✔ ${archive}: version ${version}, creates a project`);
    return version;
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
