import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Runs TypeScript programs as tsx does; the stand-in is plain JavaScript. */
const TSX = `import { register } from 'node:module';
const hooks = \`import { readFile } from 'node:fs/promises';
export const load = async (url, context, next) =>
  url.endsWith('.ts') ? { format: 'module', source: await readFile(new URL(url)), shortCircuit: true } : next(url, context);\`;
register('data:text/javascript,' + encodeURIComponent(hooks));
`;

/** A folder that the doctor treats as a project with an installed worker; `main` plays the worker and is started like a real one. */
export function standInWorker(folder: string, main: string): void {
  const files = {
    '.kuflow/project.json': '{}',
    'node_modules/@temporalio/worker/package.json': '{ "version": "1.24.0" }',
    'node_modules/tsx/package.json': '{ "exports": "./tsx.js", "type": "module" }',
    'node_modules/tsx/tsx.js': TSX,
    'package.json': '{ "type": "module" }',
    'src/main.ts': main,
  };
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
}

/** A step of the worker's check as JSON. */
export const standInStep = (step: string, status: string, detail = ''): object => ({ step, status, detail });

/** A worker whose check reports these steps. */
export const answering = (...steps: readonly object[]): string =>
  `console.log(${JSON.stringify(JSON.stringify({ status: 0, steps }))});\n`;
