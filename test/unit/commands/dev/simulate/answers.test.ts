import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  exampleTaskData,
  checkAnswers,
  exampleMetadata,
  createAnswerQueue,
  readAnswers,
} from '../../../../../src/commands/dev/simulate/answers.ts';
import { sampleDefinition } from '../../../../../src/process/sample.ts';
import { temporaryFolders } from '../../../../support/temporary-folder.ts';

const newFolder = temporaryFolders();

function written(text: string): Promise<unknown> {
  const folder = newFolder();
  writeFileSync(join(folder, 'answers.yaml'), text);
  return readAnswers(folder, 'answers.yaml');
}

describe('answers', () => {
  it('are none without a file', async () => {
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
    ['[]', 'an object is expected'],
    ['', 'an object is expected'],
    ['task: { A: {} }', 'unknown key task'],
    ['tasks: [1]', 'tasks must be an object'],
    ['tasks: { A: 1 }', 'the answer of A must be an object or a list of objects'],
    ['tasks: { A: [] }', 'the answer of A must be an object or a list of objects'],
    ['tasks: { A: [{}, 2] }', 'the answer of A must be an object or a list of objects'],
    ['metadata: no', 'metadata must be an object'],
    ['a: [', "The answers can't be read from answers.yaml"],
  ])('%j is refused, and why', async (text, message) => {
    await expect(written(text)).rejects.toMatchObject({
      status: 2,
      message: expect.stringContaining(message) as string,
    });
  });

  it('are missed by the name of their file', async () => {
    await expect(readAnswers('/', 'nope.yaml')).rejects.toMatchObject({
      status: 2,
      message: "The answers can't be read from nope.yaml: there is no such file",
      next: ['Its path is relative to /'],
    });
  });

  it('for tasks that no person completes are refused', () => {
    const definition = sampleDefinition();
    expect(() => checkAnswers({ tasks: { APPROVE_LOAN: {}, LOAN_APPLICATION: {} } }, definition)).not.toThrow();
    expect(() => checkAnswers({ tasks: { CHECK_CREDIT: {}, NOPE: {} } }, definition)).toThrow(
      'The answers name CHECK_CREDIT, NOPE, which are no tasks of LOAN that a person completes',
    );
  });

  it('are handed out in order, the last for the rest', () => {
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

  it('are made up from a shape: the first valid one, the plainest where none is', () => {
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

  it('are made up for the metadata where they can be, and else are none', () => {
    const required = { type: 'object', required: ['costCenter'] };
    expect(exampleMetadata({ schema: { ...required, properties: { costCenter: { type: 'string' } } } })).toEqual({
      costCenter: expect.any(String) as string,
    });
    expect(exampleMetadata({ schema: { ...required, properties: { costCenter: false } } })).toBeUndefined();
    expect(exampleMetadata(undefined)).toBeUndefined();
  });
});
