// Where the time of the demo goes.
import { spawn } from 'node:child_process';
import { join } from 'node:path';

export async function measureDemo(root, say) {
  const started = performance.now();
  const child = spawn(process.execPath, [join(root, 'bin', 'kuflow.js'), 'dev', 'demo'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  void say;
  const code = await new Promise((resolve) => child.on('close', resolve));
  if (code !== 0) throw new Error(`the demo ended with ${code}`);
  return [{ what: 'demo', measured: `${((performance.now() - started) / 1000).toFixed(1)} s` }];
}
