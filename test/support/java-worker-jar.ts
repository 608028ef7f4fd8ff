import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { inject } from 'vitest';
import { installedBin } from './generated-project.ts';
import { createOnce } from './lanes.ts';

/** The Java project of the sample process, packaged once per run. */
export function javaWorkerJar(): { readonly jar: string; readonly packageName: string } {
  const folder = join(inject('runFolder'), 'java-worker');
  createOnce(folder, () => {
    const create = [installedBin('create-kuflow-worker'), 'java-worker', '--language', 'java'];
    const options = { stdio: ['ignore', 'pipe', 'pipe'] as ('ignore' | 'pipe')[] };
    execFileSync(process.execPath, [...create, '--local', '--yes', '--no-install', '--no-git', '--no-check'], {
      ...options,
      cwd: inject('runFolder'),
    });
    execFileSync('mvn', ['-q', 'package', '-DskipTests'], { ...options, cwd: folder });
  });
  return { jar: join(folder, 'target', 'app.jar'), packageName: 'com.example.javaworker' };
}
