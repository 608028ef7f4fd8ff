import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findLibrary } from '../../src/languages/worker-library.ts';
import { ARCHIVE } from '../../src/languages/typescript/render.ts';

/** Lets the dependencies of a TypeScript project look installed. */
export function writeFakeModules(project: string): void {
  const library = findLibrary('typescript', ARCHIVE).version;
  const versions = { '@temporalio/worker': '1.23.0', 'kuflow-worker': library };
  for (const [name, version] of Object.entries(versions)) {
    const at = join(project, 'node_modules', name);
    mkdirSync(at, { recursive: true });
    writeFileSync(join(at, 'package.json'), JSON.stringify({ version }));
  }
}
