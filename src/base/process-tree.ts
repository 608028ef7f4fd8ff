import { spawn } from 'node:child_process';

/**
 * Sends a signal to a process and all its descendants. On POSIX the process must lead its group (`detached`). Windows does not have
 * these signals, so the tree is terminated. Does nothing if the tree has already ended.
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
    // It has already ended.
  }
}
