import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KnownError } from '../../../src/base/errors.ts';
import { attachOrStart, type DevPlatformRequest } from '../../../src/flows/dev-platform.ts';
import { simulate } from '../../../src/flows/simulate.ts';
import { parseDefinition } from '../../../src/process/definition/definition-file.ts';
import { leaveRunningState } from '../../support/running-state.ts';
import { temporaryFolders } from '../../support/temporary-folder.ts';

const newFolder = temporaryFolders();

const SERVED = `
process: { code: LOAN }
workflow: { type: LoanWorkflow, task-queue: Q }
tasks: [{ code: APPLY, kind: human, data: { schema: { type: object, properties: { a: {}, b: {} } } } }]
`;
const WRITTEN_OTHERWISE = `
# The same.
tasks:
  - { kind: human, data: { schema: { properties: { b: {}, a: {} }, type: object } }, code: APPLY }
workflow: { task-queue: Q, type: LoanWorkflow }
process: { code: LOAN }
`;
const CHANGED = `${SERVED.trimEnd().slice(0, -1)}, { code: EXTRA, kind: human }]`;
const OTHER = SERVED.replace('LOAN', 'OTHER');

let folder: string;
let running: { close(): void } | undefined;

async function runs(how: { readonly hasDigests?: boolean } = {}): Promise<void> {
  const stateDir = join(folder, '.kuflow', 'dev');
  mkdirSync(stateDir, { recursive: true });
  running = await leaveRunningState(stateDir, await parseDefinition(SERVED, 'served.yaml'), how);
}

const request = (): DevPlatformRequest => ({
  cwd: folder,
  env: {},
  report: () => undefined,
  signal: new AbortController().signal,
});

const attach = async (definition: string): Promise<boolean> => {
  writeFileSync(join(folder, 'p.yaml'), definition);
  return (await attachOrStart({ ...request(), definitionFiles: ['p.yaml'] })).owned;
};

beforeEach(() => {
  folder = newFolder();
});
afterEach(() => {
  running?.close();
  running = undefined;
});

describe('a platform that runs with definitions of its own', () => {
  it('is taken for the same definition, however it is written', async () => {
    await runs();
    expect(await attach(SERVED)).toBe(false);
    expect(await attach(WRITTEN_OTHERWISE)).toBe(false);
  });

  it('is refused for another definition, which says what to do', async () => {
    await runs();
    const next = ['Stop it and start it again with this definition, or give another folder with --state-dir'];
    await expect(attach(CHANGED)).rejects.toMatchObject({
      message: `The platform that runs here (pid ${process.pid}) serves another definition of LOAN`,
      status: 2,
      next,
    });
    await expect(attach(OTHER)).rejects.toMatchObject({
      message: `The platform that runs here (pid ${process.pid}) does not serve OTHER, only LOAN`,
      next,
    });
  });

  it('is taken when an older version started it, which left no digests', async () => {
    await runs({ hasDigests: false });
    expect(await attach(CHANGED)).toBe(false);
  });

  it("runs any command beside a project's changed definition, but no process by it", async () => {
    await runs();
    writeFileSync(join(folder, 'kuflow.process.yaml'), CHANGED);
    expect((await attachOrStart(request())).owned).toBe(false);
    const steps: string[] = [];
    const error = await simulate({
      ...request(),
      command: ['no-such-program'],
      timeoutMs: 1,
      output: 'stderr',
      onStep: ({ kind }) => steps.push(kind),
    }).catch((thrown: unknown) => thrown as KnownError);
    expect(error).toMatchObject({ status: 2 });
    expect((error as KnownError).message).toContain('serves another definition of LOAN');
    expect(steps).not.toContain('command-started');
  });
});
