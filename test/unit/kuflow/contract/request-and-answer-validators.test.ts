import { describe, expect, it } from 'vitest';
import { uuid7 } from '../../../../src/base/uuid.ts';
import { operationIds, operations } from '../../../../src/kuflow/contract/operations.ts';
import { answerValidator, requestValidator } from '../../../../src/kuflow/contract/request-and-answer-validators.ts';

const id = uuid7();

const process = {
  id,
  state: 'RUNNING',
  tenantId: id,
  processDefinitionRef: { id, version: id, code: 'LOAN' },
  createdAt: '2024-06-14T10:00:00Z',
};
const pageOf = (content: unknown[]) => ({ metadata: { size: 25, page: 0, totalElements: 1, totalPages: 1 }, content });

describe('requestValidator', () => {
  it('compiles for every operation, like answerValidator for every listed status', () => {
    for (const operationId of operationIds) {
      requestValidator(operationId);
      for (const status of [...Object.keys(operations[operationId].responses).map(Number), 500]) {
        answerValidator(operationId, status, 'strict');
        answerValidator(operationId, status, 'tolerant');
      }
    }
  });

  it('converts numbers and single-value lists in the query, and fills in defaults', () => {
    const verdict = requestValidator('findProcesses')({
      query: { size: '1000', tenantId: id, processDefinitionCode: ['A', 'B'], unknown: 'x' },
    });
    expect(verdict).toEqual({
      ok: true,
      query: { size: 1000, page: 0, tenantId: [id], processDefinitionCode: ['A', 'B'], unknown: 'x' },
    });
  });

  it('names each invalid part of the query and the path', () => {
    const verdict = requestValidator('findProcesses')({
      query: { size: '1001', page: 'many', tenantId: ['x'], state: 'ASLEEP' },
    });
    expect(verdict).toEqual({
      ok: false,
      errors: [
        { path: 'query.size', message: 'must be <= 1000' },
        { path: 'query.page', message: 'must be integer' },
        { path: 'query.tenantId[0]', message: 'must match format "uuid"' },
        { path: 'query.state[0]', message: 'must be one of RUNNING, COMPLETED, CANCELLED' },
      ],
    });
    expect(requestValidator('retrieveProcess')({ path: { id: 'x' } })).toEqual({
      ok: false,
      errors: [{ path: 'path.id', message: 'must match format "uuid"' }],
    });
    expect(requestValidator('downloadProcessDocument')({ path: { id } })).toEqual({
      ok: false,
      errors: [{ path: 'query.documentUri', message: 'is required' }],
    });
  });

  it('accepts ids only in their plain form', () => {
    const read = requestValidator('retrieveProcess');
    expect(read({ path: { id: id.toUpperCase() } }).ok).toBe(true);
    for (const other of [`urn:uuid:${id}`, `{${id}}`, id.replaceAll('-', ''), `${id}\n`])
      expect(read({ path: { id: other } }).ok).toBe(false);
  });

  it('accepts unknown body fields, and does not convert types in bodies', () => {
    const create = requestValidator('createProcess');
    expect(create({ body: { processDefinitionId: id, payloads: {}, metadata: { value: {}, payloads: {} } } }).ok).toBe(
      true,
    );
    expect(create({ body: { tenantId: id, processDefinitionCode: 7 } })).toEqual({
      ok: false,
      errors: [{ path: 'body.processDefinitionCode', message: 'must be string' }],
    });
    expect(create({ body: { tenantId: id } })).toMatchObject({ ok: false });
    expect(create({})).toEqual({ ok: false, errors: [{ path: 'body', message: 'is required' }] });
  });

  it('does not change its input', () => {
    const query = { size: '3' };
    requestValidator('findTenants')({ query });
    expect(query).toEqual({ size: '3' });
  });

  it('checks JSON Patch and filter expressions', () => {
    const patch = requestValidator('patchProcessMetadata');
    expect(patch({ path: { id }, body: [{ op: 'replace', path: '/NAME', value: null }] }).ok).toBe(true);
    expect(patch({ path: { id }, body: [] }).ok).toBe(false);
    expect(patch({ path: { id }, body: [{ op: 'delete', path: '/NAME' }] }).ok).toBe(false);
    expect(requestValidator('findBusinessArtifacts')({ query: { value: 'amount between 10 20' } }).ok).toBe(true);
    expect(requestValidator('findBusinessArtifacts')({ query: { value: 'amount near 10' } }).ok).toBe(false);
  });
});

describe('answerValidator', () => {
  it('in strict mode, rejects an unknown field, an unknown enum value and an invalid format', () => {
    const strict = answerValidator('findProcesses', 200, 'strict');
    expect(strict(pageOf([process]))).toEqual([]);
    expect(strict(pageOf([{ ...process, colour: 'red' }]))).toEqual([
      { path: 'content[0].colour', message: 'is not a field of the contract' },
    ]);
    expect(strict(pageOf([{ ...process, state: 'ASLEEP' }]))).toEqual([
      { path: 'content[0].state', message: 'must be one of RUNNING, COMPLETED, CANCELLED' },
    ]);
    expect(strict(pageOf([{ ...process, id: 'x' }]))).toHaveLength(1);
    expect(answerValidator('findProcesses', 202, 'strict')(pageOf([]))).toHaveLength(1);
  });

  it('in strict mode, accepts any form values', () => {
    const strict = answerValidator('retrieveProcess', 200, 'strict');
    expect(strict({ ...process, metadata: { valid: true, value: { ANY: { thing: [1, null] } } } })).toEqual([]);
    expect(strict({ ...process, metadata: { valid: true, value: {}, payloads: {} } })).toHaveLength(1);
  });

  it('in tolerant mode, accepts unknown and null values, but not a wrong type or a missing field', () => {
    const tolerant = answerValidator('retrieveProcess', 200, 'tolerant');
    expect(
      tolerant({
        ...process,
        colour: 'red',
        state: 'ASLEEP',
        metadata: null,
        createdAt: null,
        initiatorId: 'not a uuid',
      }),
    ).toEqual([]);
    expect(tolerant({ ...process, state: 7 })).toEqual([{ path: 'state', message: 'must be string' }]);
    expect(tolerant({ ...process, tenantId: null })).toEqual([{ path: 'tenantId', message: 'must be string' }]);
    expect(tolerant({ id, state: 'RUNNING' })).toEqual([{ path: 'tenantId', message: 'is required' }]);
  });

  it('expects a DefaultError for any other status', () => {
    const strict = answerValidator('claimProcessItemTask', 409, 'strict');
    expect(
      strict({
        timestamp: '2024-06-14T10:00:00Z',
        status: 409,
        message: 'Conflict',
        errors: [{ code: 'a', message: 'b' }],
      }),
    ).toEqual([]);
    expect(strict({ status: 409, message: 'Conflict' })).toEqual([{ path: 'timestamp', message: 'is required' }]);
  });

  it('expects no body for operations without one, and bytes for documents', () => {
    expect(answerValidator('deleteBusinessArtifact', 204, 'strict')(undefined)).toEqual([]);
    expect(answerValidator('deleteBusinessArtifact', 204, 'strict')({})).toHaveLength(1);
    expect(answerValidator('downloadProcessDocument', 200, 'strict')(Buffer.from('x'))).toEqual([]);
    expect(answerValidator('downloadProcessDocument', 200, 'strict')({ not: 'bytes' })).toHaveLength(1);
  });
});
