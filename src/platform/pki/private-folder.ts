import { execFile } from 'node:child_process';
import { chmod, mkdir } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { promisify } from 'node:util';

const execFileAsync = promisify(execFile);

/** Makes `path` when absent and closes it to everybody else: mode 0700, or an ACL of the current user alone on Windows. */
export async function createPrivateFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  if (process.platform === 'win32') {
    await execFileAsync('icacls', [path, '/inheritance:r', '/grant:r', `${userInfo().username}:(OI)(CI)F`], {
      windowsHide: true,
    });
    return;
  }
  // mkdir's mode passes through the umask and says nothing of a folder that was there before.
  await chmod(path, 0o700);
}
