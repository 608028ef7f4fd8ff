import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { parseDefinition } from '../../../../src/process/definition/file.ts';
import { startLargeTenant, uuid, type LargeTenant } from '../../../support/large-tenant.ts';
import { runKuflow } from '../../../support/run-kuflow.ts';
import { temporaryFolders } from '../../../support/temporary-folder.ts';
import { treeOf } from '../../../support/tree.ts';
import { writeUntouchedProject } from '../../../support/untouched-project.ts';

const temporaryFolder = temporaryFolders();
let tenant: LargeTenant | undefined;

afterEach(async () => {
  await tenant?.close();
  tenant = undefined;
});

/** Runs `kuflow sync` against a KuFlow whose processes have one task with this code. */
async function syncWith(code: string, ...args: readonly string[]) {
  const item = {
    ...{ id: uuid(3, 1), type: 'TASK', processId: uuid(1, 0), tenantId: uuid(9, 1), createdAt: '2026-01-31T12:00:00Z' },
    ...{ createdBy: uuid(8, 1), ownerId: uuid(7, 1), task: { state: 'COMPLETED' } },
    processItemDefinitionRef: { id: uuid(4, 1), version: uuid(5, 0), code },
  };
  const page = { metadata: { size: 1, page: 0, totalElements: 1, totalPages: 1 }, content: [item] };
  tenant = await startLargeTenant({
    processes: 30,
    intercept: (operation) => (operation === 'process-items' ? { status: 200, body: JSON.stringify(page) } : undefined),
  });
  const folder = join(temporaryFolder(), 'worker');
  await writeUntouchedProject(folder, { version: '9.9.9' });
  const before = treeOf(folder);
  const ran = await runKuflow(folder, ['sync', ...args], {
    ...{ HOME: folder, XDG_CACHE_HOME: join(temporaryFolder(), 'cache') },
    ...{ KUFLOW_API_ENDPOINT: tenant.endpoint, KUFLOW_API_CLIENTID: uuid(8, 1), KUFLOW_API_CLIENTSECRET: 'secret' },
  });
  return { ...ran, folder, before };
}

describe('kuflow sync with hostile codes of tasks', () => {
  it('escapes them in the output, the definition and the code', async () => {
    const code = `A\u001b[31m\u202e*/ '"\`\${process.exit()}\n- code: B`;
    const { status, stdout, stderr, folder } = await syncWith(code, '--yes');
    expect(status, stderr).toBe(0);
    const hidden = /[\u001b\u202e]/;
    expect(stdout + stderr).not.toMatch(hidden);
    expect(stdout).toContain('Task A\\u{1b}[31m\\u{202e}');
    const text = readFileSync(join(folder, 'kuflow.process.yaml'), 'utf8');
    const { tasks } = await parseDefinition(text, 'f');
    expect(tasks.map((task) => task.code)).toContain(code);
    expect(tasks.map((task) => task.code)).not.toContain('B');
    for (const [path, content] of treeOf(folder)) if (!path.endsWith('.tgz')) expect(content, path).not.toMatch(hidden);
  });

  it('does not write a code that a definition cannot have', async () => {
    const { status, stderr, folder, before } = await syncWith('  ', '--yes');
    expect(status).toBe(1);
    expect(stderr).toContain("The process can't be written to a definition file");
    expect(treeOf(folder)).toEqual(before);
  });
});
