import { spawn, type ChildProcess } from 'node:child_process';

const GRACE_MS = 5000;

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

/**
 * Ends the process, which leads its group, and its children when the signal aborts or this process exits. Returns a function that removes
 * the handlers.
 */
export function killWithParent(child: Pick<ChildProcess, 'pid' | 'once'>, signal: AbortSignal | undefined): () => void {
  const { pid } = child;
  if (pid === undefined) return () => undefined;
  let killTimer: NodeJS.Timeout | undefined;
  const kill = (): void => signalTree(pid, 'SIGKILL');
  const end = (): void => {
    signalTree(pid, 'SIGTERM');
    killTimer = setTimeout(kill, GRACE_MS);
    // Its children may have ignored SIGTERM.
    child.once('exit', kill);
  };
  process.once('exit', kill);
  signal?.addEventListener('abort', end, { once: true });
  return () => {
    process.off('exit', kill);
    signal?.removeEventListener('abort', end);
    clearTimeout(killTimer);
  };
}
