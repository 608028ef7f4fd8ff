// Verifies the archive of the single program in a folder: `node scripts/verify-program.mjs <folder>`. Unpacks it into an empty folder, and creates a
// project with it, without any other program on the PATH.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const IS_WINDOWS = process.platform === 'win32';

if (process.argv[1] === fileURLToPath(import.meta.url)) verifyProgram(process.argv[2]);

/** Returns the version that the program prints. Throws if it does not have its checksum or does not work. */
export function verifyProgram(from) {
  const sums = readdirSync(from).find((name) => name.endsWith('.sha256'));
  const [sha256, archive] = readFileSync(join(from, sums), 'utf8').trim().split('  ');
  const found = createHash('sha256')
    .update(readFileSync(join(from, archive)))
    .digest('hex');
  if (found !== sha256) throw new Error(`${archive} does not have the checksum in ${sums}`);
  const folder = mkdtempSync(join(tmpdir(), 'kuflow-verify-'));
  try {
    // The tar of Windows reads zip files. A tar of Git may come first on the PATH.
    const tar = IS_WINDOWS ? join(process.env.SystemRoot ?? 'C:\\Windows', 'System32', 'tar.exe') : 'tar';
    execFileSync(tar, ['-xf', join(from, archive), '-C', folder], { stdio: 'inherit' });
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
