import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkAnswers, createAnswerQueue, readAnswers } from '../../../../../src/commands/dev/simulate/answers.ts';
import { exampleMetadata, exampleTaskData } from '../../../../../src/platform/domain/examples.ts';
import { sampleDefinition } from '../../../../../src/process/sample.ts';
import { temporaryFolders } from '../../../../support/temporary-folder.ts';

const newFolder = temporaryFolders();

function written(text: string): Promise<unknown> {
  const folder = newFolder();
  writeFileSync(join(folder, 'answers.yaml'), text);
  return readAnswers(folder, 'answers.yaml');
}

describe('answers', () => {
  it('are empty without a file', async () => {
    expect(await readAnswers('/', undefined)).toEqual({ tasks: {} });
  });

  it('are read from YAML and from JSON', async () => {
    expect(await written('metadata: { a: 1 }\ntasks:\n  A: { b: 2 }\n  C: [{ d: 3 }, { d: 4 }]\n')).toEqual({
      metadata: { a: 1 },
      tasks: { A: { b: 2 }, C: [{ d: 3 }, { d: 4 }] },
    });
    expect(await written('{"metadata": {"a": 1}}')).toEqual({ metadata: { a: 1 }, tasks: {} });
  });

  it.each([
    ['[]', 'expected an object'],
    ['', 'expected an object'],
    ['task: { A: {} }', 'unknown key task'],
    ['tasks: [1]', 'tasks must be an object'],
    ['tasks: { A: 1 }', 'the answer for A must be an object or a list of objects'],
    ['tasks: { A: [] }', 'the answer for A must be an object or a list of objects'],
    ['tasks: { A: [{}, 2] }', 'the answer for A must be an object or a list of objects'],
    ['metadata: no', 'metadata must be an object'],
    ['a: [', 'Cannot read the answers file answers.yaml'],
  ])('are rejected with a reason: %j', async (text, message) => {
    await expect(written(text)).rejects.toMatchObject({
      status: 2,
      message: expect.stringContaining(message) as string,
    });
  });

  it('are reported as missing by file name', async () => {
    await expect(readAnswers('/', 'nope.yaml')).rejects.toMatchObject({
      status: 2,
      message: 'Cannot read the answers file nope.yaml: no such file',
      next: ['The path is relative to /'],
    });
  });

  it('name documents by paths, which are made absolute and must be readable', async () => {
    const folder = newFolder();
    const full = 'kuflow-file:uri=ku:process/1/document/2;type=text/plain;size=3;name=a.txt;';
    const path = join(folder, 'answers.yaml');
    writeFileSync(path, `tasks: { A: [{ files: ['kuflow-file:a b.pdf', '${full}'] }] }`);
    await expect(readAnswers(folder, 'answers.yaml')).rejects.toMatchObject({
      status: 2,
      message: expect.stringContaining(`answers.yaml: cannot read the document ${join(folder, 'a b.pdf')}`) as string,
    });
    writeFileSync(join(folder, 'a b.pdf'), 'x');
    expect(await readAnswers('/', path)).toEqual({
      tasks: { A: [{ files: [`kuflow-file:${join(folder, 'a b.pdf')}`, full] }] },
    });
  });

  it('are rejected for tasks that are not human tasks', () => {
    const definition = sampleDefinition();
    expect(() => checkAnswers({ tasks: { APPROVE_LOAN: {}, LOAN_APPLICATION: {} } }, definition)).not.toThrow();
    expect(() => checkAnswers({ tasks: { CHECK_CREDIT: {}, NOPE: {} } }, definition)).toThrow(
      'Unknown human tasks in the answers file: CHECK_CREDIT, NOPE',
    );
  });

  it('are used in order, and the last one is repeated', () => {
    const next = createAnswerQueue({ tasks: { A: [{ n: 1 }, { n: 2 }], B: { n: 9 } } });
    expect([next('A'), next('B'), next('A'), next('A'), next('B')]).toEqual([
      { n: 1 },
      { n: 9 },
      { n: 2 },
      { n: 2 },
      { n: 9 },
    ]);
    expect(next('toString')).toBeUndefined();
  });

  it('are generated from a shape: the first valid example, or the simplest one if none is valid', () => {
    expect(exampleTaskData(undefined, '')).toEqual({});
    const shape = (schema: object) => ({ schema: schema as Record<string, never> });
    expect(
      exampleTaskData(
        shape({ type: 'object', properties: { a: { type: 'integer', default: 'x' } }, required: ['a'] }),
        'a',
      ),
    ).toEqual({ a: 0 });
    expect(
      exampleTaskData(shape({ type: 'object', required: ['a'], properties: { a: { const: 1, minimum: 2 } } }), 'b'),
    ).toEqual({ a: 1 });
  });

  it('are generated for metadata only if they are valid', () => {
    const required = { type: 'object', required: ['costCenter'] };
    expect(exampleMetadata({ schema: { ...required, properties: { costCenter: { type: 'string' } } } })).toEqual({
      costCenter: expect.any(String) as string,
    });
    expect(exampleMetadata({ schema: { ...required, properties: { costCenter: false } } })).toBeUndefined();
    expect(exampleMetadata(undefined)).toBeUndefined();
  });
});
