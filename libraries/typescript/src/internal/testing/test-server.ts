import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { TimeSkippingTestWorkflowEnvironmentOptions } from '@temporalio/testing';

type TestServer = NonNullable<TimeSkippingTestWorkflowEnvironmentOptions['server']>;

/**
 * Temporal's test server, which skips time while a workflow waits. The kuflow command of the project with this module finds or downloads
 * it. In a project without the command, Temporal downloads it.
 */
export async function timeSkippingServer(module: URL): Promise<TestServer> {
  const kuflow = kuflowCommand(module);
  if (kuflow === undefined) return {};
  const { stdout } = await promisify(execFile)(process.execPath, [kuflow, 'dev', 'server-path', '--time-skipping']);
  return { executable: { type: 'existing-path', path: stdout.trim() } };
}

/** The kuflow command that the project of a module has. */
export function kuflowCommand(module: URL): string | undefined {
  let manifest: string;
  try {
    manifest = createRequire(module).resolve('create-kuflow-worker/package.json');
  } catch {
    return undefined;
  }
  const { bin } = JSON.parse(readFileSync(manifest, 'utf8')) as { readonly bin: { readonly kuflow: string } };
  return join(dirname(manifest), bin.kuflow);
}
