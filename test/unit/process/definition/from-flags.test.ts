import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KnownError } from '../../../../src/base/errors.ts';
import { parseDefinition } from '../../../../src/process/definition/file.ts';
import { renderDefinition } from '../../../../src/process/definition/render-definition.ts';
import { definitionFromFlags } from '../../../../src/process/definition/from-flags.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'flags-'));
  await writeFile(join(folder, 'a.json'), '{"type":"object","properties":{"amount":{"type":"number"}}}');
  await writeFile(join(folder, 'both.yaml'), 'schema: { type: object }\nui-schema: { type: VerticalLayout }\n');
  await writeFile(join(folder, 'broken.json'), '{"type":"object","properties":{"amount":{"type":"nmber"}}}');
  await writeFile(join(folder, 'half.json'), '{"type":"object",');
});
afterAll(() => rm(folder, { recursive: true }));

describe('definitionFromFlags', () => {
  it('builds a definition that can be written to a file', async () => {
    const made = await definitionFromFlags({
      code: 'LOAN',
      taskQueue: 'Q',
      workflowType: 'LoanWorkflow',
      id: '018f0000-0000-7000-8000-000000000001',
      tasks: ['APPLY', 'CHECK:system', 'TELL:message'],
      taskSchemas: [`APPLY=${join(folder, 'a.json')}`, `CHECK=${join(folder, 'both.yaml')}`],
      metadataSchema: join(folder, 'a.json'),
    });
    const amount = { schema: { type: 'object', properties: { amount: { type: 'number' } } } };
    expect(made).toEqual({
      process: { code: 'LOAN', id: '018f0000-0000-7000-8000-000000000001' },
      workflow: { type: 'LoanWorkflow', taskQueue: 'Q' },
      metadata: amount,
      tasks: [
        { code: 'APPLY', kind: 'human', data: amount },
        { code: 'CHECK', kind: 'system', data: { schema: { type: 'object' }, uiSchema: { type: 'VerticalLayout' } } },
        { code: 'TELL', kind: 'message' },
      ],
    });
    expect(await parseDefinition(renderDefinition(made), 'k.yaml')).toEqual(made);
  });

  it('lists every problem at once in a usage error', async () => {
    const error: unknown = await definitionFromFlags({
      workflowType: ' ',
      taskQueue: 'Q',
      id: 'x',
      tasks: ['APPLY', 'APPLY', 'CHECK:sytem', ':human', ''],
      taskSchemas: ['APLY=a.json', 'APPLY', `APPLY=${join(folder, 'broken.json')}`],
      metadataSchema: join(folder, 'half.json'),
    }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(KnownError);
    const { status, message } = error as KnownError;
    expect(status).toBe(2);
    for (const part of [
      '--process is missing',
      '--workflow-type is empty',
      '--process-id must be a UUID',
      '--task APPLY: task APPLY is already defined',
      '--task CHECK:sytem: the kind must be human, system, message or thread; did you mean "system"?',
      '--task :human: expected <code>',
      '--task-schema APLY=a.json: the process does not contain task APLY; did you mean "APPLY"?',
      '--task-schema APPLY: expected <code>=<file>',
      'properties.amount.type is not valid JSON Schema: must be one of',
      '--metadata-schema',
    ]) {
      expect(message).toContain(part);
    }
  });

  it('names a missing schema file by its option', async () => {
    const flags = { code: 'A', taskQueue: 'Q', workflowType: 'W' };
    const none = join(folder, 'none.json');
    await expect(definitionFromFlags({ ...flags, metadataSchema: none })).rejects.toThrow(
      `--metadata-schema ${none}: ENOENT`,
    );
    await expect(definitionFromFlags({ ...flags, tasks: ['B'], taskSchemas: [`B=${none}`] })).rejects.toThrow(
      `--task-schema B=${none}: ENOENT`,
    );
  });
});
