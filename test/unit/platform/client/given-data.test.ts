import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  parseAssignment,
  prepareGivenData,
  readGivenData,
  requireValidData,
} from '../../../../src/platform/client/given-data.ts';
import type { ResourceAccess } from '../../../../src/platform/domain/references.ts';

const shape = {
  schema: {
    type: 'object',
    required: ['code'],
    properties: { code: { type: 'string' }, amount: { type: 'number', minimum: 1 } },
  },
};

let cwd: string;
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'given-data-'));
});
afterAll(() => {
  rmSync(cwd, { recursive: true, force: true });
});

const context = (stdin = '') => ({ cwd, stdin: Readable.from([stdin]), existing: { code: 'old', kept: true }, shape });

describe('parseAssignment', () => {
  it.each([
    ['amount=5', ['amount', 5]],
    ['amount=five', ['amount', 'five']],
    ['list=[1,2]', ['list', [1, 2]]],
    ['code=5', ['code', '5']],
    ['code=', ['code', '']],
    ['note=a=b', ['note', 'a=b']],
  ])('reads %s', (text, expected) => {
    expect(parseAssignment(text, shape)).toEqual(expected);
  });

  it.each(['amount', '=5'])('rejects %s', (text) => {
    expect(() => parseAssignment(text, shape)).toThrow(`Expected --set <name>=<value>, not "${text}"`);
  });

  it('cannot change the prototype of the data', async () => {
    const data = await readGivenData({ assignments: ['__proto__={"admin":true}'] }, context());
    expect(data).not.toHaveProperty('admin');
  });
});

describe('readGivenData', () => {
  it('returns undefined if neither a file nor an assignment is given', async () => {
    expect(await readGivenData({}, context())).toBeUndefined();
  });

  it('changes the existing data by assignments, and keeps the rest', async () => {
    expect(await readGivenData({ assignments: ['amount=2', 'code=new'] }, context())).toEqual({
      code: 'new',
      amount: 2,
      kept: true,
    });
  });

  it('reads a file, YAML or JSON, and applies the assignments to it', async () => {
    writeFileSync(join(cwd, 'data.yaml'), 'code: a\namount: 1\n');
    expect(await readGivenData({ file: 'data.yaml', assignments: ['amount=3'] }, context())).toEqual({
      code: 'a',
      amount: 3,
    });
    expect(await readGivenData({ file: '-' }, context('{"code":"b"}'))).toEqual({ code: 'b' });
  });

  it.each([
    ['missing.yaml', '', 'missing.yaml does not exist'],
    ['-', '[1]', 'Standard input must contain an object with the data'],
    ['-', '{', 'Standard input cannot be read as YAML or JSON'],
  ])('rejects %s with %j as a usage error', async (file, stdin, message) => {
    await expect(readGivenData({ file }, context(stdin))).rejects.toMatchObject({
      status: 2,
      message: expect.stringContaining(message) as string,
    });
  });
});

describe('readGivenData with documents', () => {
  it('resolves a path against the folder of the data file, and with --set against the working directory', async () => {
    mkdirSync(join(cwd, 'data'));
    writeFileSync(join(cwd, 'data', 'a.pdf'), '');
    writeFileSync(join(cwd, 'b.pdf'), '');
    writeFileSync(join(cwd, 'data', 'data.yaml'), 'contract: kuflow-file:a.pdf\n');
    const source = { file: 'data/data.yaml', assignments: ['photo=kuflow-file:b.pdf'] };
    expect(await readGivenData(source, context())).toEqual({
      contract: `kuflow-file:${join(cwd, 'data', 'a.pdf')}`,
      photo: `kuflow-file:${join(cwd, 'b.pdf')}`,
    });
  });

  it('rejects a document that does not exist as a usage error', async () => {
    await expect(readGivenData({ assignments: ['photo=kuflow-file:none.pdf'] }, context())).rejects.toMatchObject({
      status: 2,
      message: expect.stringContaining(`--set: cannot read the document ${join(cwd, 'none.pdf')}`) as string,
    });
  });
});

describe('prepareGivenData', () => {
  const contract = { type: 'string', format: 'kuflow-file', maxSize: 5 };
  const target = (calls: string[]) => ({
    where: 'task SIGN',
    shape: { schema: { type: 'object', properties: { contract, amount: { type: 'number' } } } },
    existing: {},
    access: {
      processId: 'p',
      caller: { principalId: 'p' },
      client: {
        uploadProcessDocument: (id: string) => {
          calls.push(id);
          return Promise.resolve({ documentUri: 'kuflow-file:uri=ku:1;type=a/b;size=1;name=a;' });
        },
      },
    } as unknown as ResourceAccess,
  });

  it.each([
    ['a document that is too large', 'contract=kuflow-file:large.pdf', '/contract maxSize'],
    ['another property that is invalid', 'amount=a lot', '/amount type'],
  ])('refuses %s before anything is uploaded', async (_what, assignment, problem) => {
    writeFileSync(join(cwd, 'large.pdf'), '123456');
    writeFileSync(join(cwd, 'small.pdf'), '1');
    const calls: string[] = [];
    const assignments = ['contract=kuflow-file:small.pdf', assignment];
    await expect(prepareGivenData({ assignments }, target(calls), context())).rejects.toThrow(problem);
    expect(calls).toEqual([]);
  });

  it('uploads the documents of valid data', async () => {
    writeFileSync(join(cwd, 'small.pdf'), '1');
    const calls: string[] = [];
    const assignments = ['contract=kuflow-file:small.pdf'];
    expect(await prepareGivenData({ assignments }, target(calls), context())).toEqual({
      contract: 'kuflow-file:uri=ku:1;type=a/b;size=1;name=a;',
    });
    expect(calls).toEqual(['p']);
  });
});

describe('prepareGivenData for a process that has not started', () => {
  it('refuses a document, which could only be uploaded afterward', async () => {
    writeFileSync(join(cwd, 'a.pdf'), '1');
    const target = { where: 'the metadata of LOAN', shape: undefined, existing: {}, access: {} as ResourceAccess };
    await expect(prepareGivenData({ assignments: ['a=kuflow-file:a.pdf'] }, target, context())).rejects.toMatchObject({
      status: 2,
      message: `The metadata of LOAN can't contain the document kuflow-file:${join(cwd, 'a.pdf')}`,
    });
  });
});

describe('prepareGivenData with properties that the schema does not declare', () => {
  const target = {
    where: 'task REVIEW',
    shape: { schema: { type: 'object', properties: { amount: { type: 'number' } } } },
    existing: { extra: 1 },
    access: { processId: 'p' } as ResourceAccess,
  };

  it('refuses them with a suggestion', async () => {
    await expect(prepareGivenData({ assignments: ['amuont=1'] }, target, context())).rejects.toMatchObject({
      status: 2,
      message: 'Task REVIEW has no property "amuont" (did you mean "amount"?)',
      next: ['Available: amount', expect.stringContaining('--allow-invalid') as string],
    });
  });

  it('keeps those of the existing data, and refuses them in a file', async () => {
    expect(await prepareGivenData({ assignments: ['amount=1'] }, target, context())).toEqual({ extra: 1, amount: 1 });
    await expect(prepareGivenData({ file: '-' }, target, context('extra: 1'))).rejects.toThrow('no property "extra"');
  });

  it('accepts them with allowInvalid', async () => {
    const source = { assignments: ['amuont=1'], allowInvalid: true };
    expect(await prepareGivenData(source, target, context())).toEqual({ extra: 1, amuont: 1 });
  });
});

describe('requireValidData', () => {
  it('accepts a draft without required properties, also those of a condition, but no wrong value', () => {
    const conditional = {
      schema: {
        properties: { kind: { type: 'string' }, size: { type: 'number' } },
        if: { properties: { kind: { const: 'box' } } },
        then: { required: ['size'] },
      },
    };
    requireValidData({ kind: 'box' }, conditional, 'task PACK', { draft: true });
    expect(() => {
      requireValidData({ kind: 'box', size: 'large' }, conditional, 'task PACK', { draft: true });
    }).toThrow('/size type');
    expect(() => {
      requireValidData({ kind: 'box' }, conditional, 'task PACK');
    }).toThrow('/size required');
  });

  it('names the path of each problem', () => {
    expect(() => {
      requireValidData({ amount: 0 }, shape, 'task REVIEW');
    }).toThrow(/^Data does not match the schema of task REVIEW: .*\/amount minimum/);
  });

  it('accepts valid data, and any data without a shape', () => {
    requireValidData({ code: 'a' }, shape, 'task REVIEW');
    requireValidData({ anything: 1 }, undefined, 'task REVIEW');
  });
});
