import { execFile } from 'node:child_process';
import { chmod, mkdir } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { promisify } from 'node:util';

const execFileAsync = promisify(execFile);

/**
 * Creates `path` if necessary and denies access to everybody else: mode 0700, or on Windows an ACL with only the
 * current user.
 */
export async function createPrivateFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  if (process.platform === 'win32') {
    await execFileAsync('icacls', [path, '/inheritance:r', '/grant:r', `${userInfo().username}:(OI)(CI)F`], {
      windowsHide: true,
    });
    return;
  }
  // mkdir's mode is subject to the umask and does not affect an existing folder.
  await chmod(path, 0o700);
}
