import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Runs TypeScript programs as tsx does; the stand-in is plain JavaScript. */
const TSX = `import { register } from 'node:module';
const hooks = \`import { readFile } from 'node:fs/promises';
export const load = async (url, context, next) =>
  url.endsWith('.ts') ? { format: 'module', source: await readFile(new URL(url)), shortCircuit: true } : next(url, context);\`;
register('data:text/javascript,' + encodeURIComponent(hooks));
`;

const RECORD = {
  format: 1,
  template: { language: 'typescript', version: '1.0.0' },
  command: 'npx create-kuflow-worker worker',
  answers: {
    ...{ name: 'worker', definitionSource: 'sample', process: 'LOAN', local: true },
    ...{ packageManager: 'npm', cliPackage: '1.0.0' },
  },
};

/** Runs the stand-in's check, as for a real worker. */
export const STAND_IN_COMMAND = {
  program: process.execPath,
  args: ['--import', 'tsx', 'src/main.ts', '--check', '--json'],
};

/** A folder that the doctor treats as a project with an installed worker; `main` plays the worker and is started like a real one. */
export function standInWorker(folder: string, main: string): void {
  const files = {
    '.kuflow/project.json': JSON.stringify(RECORD),
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
