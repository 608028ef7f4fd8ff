import { startChild, type Child } from './local-child.ts';

// The worker must not outlive a test runner that is killed. Its threads load this module too.
const END_WITH_STDIN = `
import { isMainThread } from 'node:worker_threads';
if (isMainThread) process.stdin.on('error', () => {}).on('close', () => process.exit(1)).resume().unref();
`;

/** Starts a worker, which ends with this process. `main` are arguments of Node.js. */
export function startLocalWorker(main: readonly string[], folder: string, variables: Record<string, string>): Child {
  const preload = `data:text/javascript,${encodeURIComponent(END_WITH_STDIN)}`;
  return startChild('The worker', [process.execPath, '--import', preload, ...main, '--dev'], {
    cwd: folder,
    env: { ...process.env, WORKER_HEALTHPORT: '0', WORKER_METRICSPORT: '0', ...variables },
  });
}
