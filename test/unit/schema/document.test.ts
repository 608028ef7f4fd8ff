import { describe, expect, it } from 'vitest';
import { createValueCheck } from '../../../src/platform/domain/json-values.ts';
import { isAcceptedType } from '../../../src/schema/document-type.ts';
import { sampleForSchema } from '../../../src/schema/example/example.ts';

describe('an example of a reference to a document', () => {
  it.each([
    [{}, 'application/pdf', 'example.pdf'],
    [{ accept: '.pdf' }, 'application/pdf', 'example.pdf'],
    [{ accept: 'pdf', maxSize: 10 }, 'application/pdf', 'example.pdf'],
    [{ accept: 'image/*,application/pdf' }, 'image/png', 'example.png'],
    [{ accept: ['text/csv'], maxSize: 5 }, 'text/csv', 'example.csv'],
    [{ accept: '*/*' }, 'application/pdf', 'example.pdf'],
    [{ accept: 'video/*' }, 'video/example', 'example'],
    [{ accept: '.dwg' }, 'application/octet-stream', 'example.dwg'],
    [{ accept: '.constructor' }, 'application/octet-stream', 'example.constructor'],
    [{ accept: '__proto__/*' }, '__proto__/example', 'example'],
  ])('satisfies %j', (keywords, type, name) => {
    const property = { type: 'string', format: 'kuflow-file', ...keywords };
    const schema = { type: 'object', required: ['file'], properties: { file: property } };
    const value = sampleForSchema(schema);
    expect(value['file']).toMatch(
      new RegExp(`^kuflow-file:uri=ku:process/[^;]+;type=${type};size=\\d+;name=${name};$`),
    );
    expect(createValueCheck({ schema }, 'a task')(value)).toEqual({ valid: true, value });
  });
});

describe('isAcceptedType', () => {
  it.each([
    ['application/pdf', 'a.bin', 'application/pdf', true],
    ['application/pdf', 'a.pdf', 'text/plain', false],
    ['.PDF', 'A.Pdf', 'application/octet-stream', true],
    ['*.pdf', 'contract', 'application/pdf; version=1', true],
    ['image/*, .txt', 'a.svg', 'image/svg+xml', true],
    ['image/*, .txt', 'a.pdf', 'application/pdf', false],
    ['', 'a', 'b/c', true],
    [undefined, 'a', 'b/c', true],
    [{ types: [] }, 'a', 'b/c', true],
  ])('of %j for %s of type %s is as in HTML', (accept, name, type, accepted) => {
    expect(isAcceptedType(accept, { name, type })).toBe(accepted);
  });
});
