import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

/** Temporal's test server, which skips time while a workflow waits. The kuflow command finds or downloads it. */
export async function timeSkippingServer() {
  const { stdout } = await promisify(execFile)(process.execPath, [
    kuflowCommand(),
    'dev',
    'server-path',
    '--time-skipping',
  ]);
  return { executable: { type: 'existing-path' as const, path: stdout.trim() } };
}

function kuflowCommand(): string {
  const manifest = createRequire(import.meta.url).resolve('create-kuflow-worker/package.json');
  const { bin } = JSON.parse(readFileSync(manifest, 'utf8')) as { bin: { kuflow: string } };
  return join(dirname(manifest), bin.kuflow);
}
