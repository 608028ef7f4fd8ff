import { spawn } from 'node:child_process';

/**
 * Sends a signal to a process and to all that it started. On POSIX the process has to lead its group (`detached`); on Windows, which knows no
 * such signals, the tree is ended at once. A tree that is gone already is no error.
 */
export function signalTree(pid: number, signal: NodeJS.Signals): void {
  if (process.platform === 'win32') {
    spawn('taskkill', ['/PID', String(pid), '/T', '/F'], { stdio: 'ignore', windowsHide: true }).on(
      'error',
      () => undefined,
    );
    return;
  }
  try {
    process.kill(-pid, signal);
  } catch {
    // Gone already.
  }
}
