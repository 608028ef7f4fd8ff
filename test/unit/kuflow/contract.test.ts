import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isRecord } from '../../../src/base/json.ts';
import { openApiDocument } from '../../../src/kuflow/contract/openapi.ts';
import { operationIds, operations } from '../../../src/kuflow/contract/operations.ts';

// The operations that KuFlow publishes, as METHOD path operationId.
const PUBLISHED = `
POST /authentications createAuthentication
GET /kms/keys/{keyId} retrieveKmsKey
GET /principals findPrincipals
GET /principals/{id} retrievePrincipal
GET /groups findGroups
GET /tenants findTenants
GET /tenants/{id} retrieveTenant
GET /tenant-users findTenantUsers
GET /tenant-users/{id} retrieveTenantUser
GET /processes findProcesses
POST /processes createProcess
GET /processes/{id} retrieveProcess
POST /processes/{id}/~actions/complete completeProcess
POST /processes/{id}/~actions/cancel cancelProcess
POST /processes/{id}/~actions/cancel-process-items cancelProcessProcessItems
POST /processes/{id}/~actions/change-initiator changeProcessInitiator
POST /processes/{id}/~actions/upload-user-action-document uploadProcessUserActionDocument
PUT /processes/{id}/metadata updateProcessMetadata
PATCH /processes/{id}/metadata patchProcessMetadata
PUT /processes/{id}/entity updateProcessEntity
PATCH /processes/{id}/entity patchProcessEntity
POST /processes/{id}/~actions/upload-document uploadProcessDocument
GET /processes/{id}/~actions/download-document downloadProcessDocument
GET /process-items findProcessItems
POST /process-items createProcessItem
GET /process-items/{id} retrieveProcessItem
GET /process-items/{id}/~actions/ai-assistance retrieveProcessItemAiAssistance
POST /process-items/{id}/~actions/ai-assistance generateProcessItemAiAssistance
POST /process-items/{id}/task/~actions/claim claimProcessItemTask
POST /process-items/{id}/task/~actions/assign assignProcessItemTask
POST /process-items/{id}/task/~actions/complete completeProcessItemTask
POST /process-items/{id}/task/~actions/append-log appendProcessItemTaskLog
PUT /process-items/{id}/task/data updateProcessItemTaskData
PATCH /process-items/{id}/task/data patchProcessItemTaskData
PUT /process-items/{id}/task/context-data updateProcessItemTaskContextData
GET /process-items/{id}/task/data/~actions/download-webforms-as-document downloadProcessItemTaskDataWebformsAsDocument
GET /business-artifacts findBusinessArtifacts
POST /business-artifacts createBusinessArtifact
GET /business-artifacts/{id} retrieveBusinessArtifact
DELETE /business-artifacts/{id} deleteBusinessArtifact
PUT /business-artifacts/{id}/data updateBusinessArtifactData
PATCH /business-artifacts/{id}/data patchBusinessArtifactData
POST /business-artifacts/{id}/actions createBusinessArtifactAction
GET /business-artifacts/{id}/actions/{actionId} retrieveBusinessArtifactAction
POST /business-artifacts/{id}/actions/{actionId}/~actions/cancel cancelBusinessArtifactAction
POST /business-artifacts/{id}/~actions/prepare-create-artifact prepareBusinessArtifactCreateArtifact
POST /business-artifacts/{id}/~actions/upload-document uploadBusinessArtifactDocument
GET /business-artifacts/{id}/~actions/download-document downloadBusinessArtifactDocument
POST /workers createWorker
GET /robots findRobots
GET /robots/{id} retrieveRobot
GET /robots/{id}/~actions/download-source-code downloadRobotSourceCode
GET /robots/{id}/~actions/download-asset downloadRobotAsset
`
  .trim()
  .split('\n');

const EXTRAS = `
POST /processes/{id}/actions createProcessAction
GET /processes/{id}/actions/{actionId} retrieveProcessAction
POST /processes/{id}/actions/{actionId}/~actions/cancel cancelProcessAction
POST /processes/{id}/actions/{actionId}/~actions/upload-document uploadProcessActionDocument
POST /business-artifacts/{id}/~actions/prepare-start-process prepareBusinessArtifactStartProcess
POST /business-artifacts/{id}/~actions/restore restoreBusinessArtifact
DELETE /processes/{id} deleteProcess
POST /documents/~actions/upload uploadDocument
GET /documents/~actions/download downloadDocument
`
  .trim()
  .split('\n');

type Node = Readonly<Record<string, unknown>>;

function at(document: unknown, ...steps: readonly string[]): Node {
  let node: unknown = document;
  for (const step of steps) node = isRecord(node) ? node[step] : undefined;
  if (!isRecord(node)) throw new Error(`nothing at ${steps.join(' ')}`);
  return node;
}

const LISTED = operationIds
  .map((id) => operations[id])
  .map(({ method, path, operationId }) => `${method.toUpperCase()} ${path} ${operationId}`)
  .sort();

describe('the operation table', () => {
  it('has exactly the 53 published operations and the newer ones', () => {
    expect(PUBLISHED).toHaveLength(53);
    expect(LISTED).toEqual([...PUBLISHED, ...EXTRAS].sort());
  });

  it('describes each path parameter, and requires only query parameters that exist', () => {
    for (const id of operationIds) {
      const operation = operations[id];
      const named = [...operation.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
      expect(Object.keys(operation.parameters), id).toEqual(named);
      for (const name of operation.requiredQuery ?? []) expect(Object.keys(operation.query), id).toContain(name);
    }
  });
});

describe('the OpenAPI document', () => {
  let folder: string;
  let document: unknown;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kuflow-openapi-'));
    const file = join(folder, 'openapi.json');
    await writeFile(file, JSON.stringify(openApiDocument('http://127.0.0.1:8080/v2024-06-14')));
    document = JSON.parse(await readFile(file, 'utf8'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('serves every operation at its method and path', () => {
    const served = Object.entries(at(document, 'paths')).flatMap(([path, item]) =>
      Object.entries(item as Node).map(
        ([method, operation]) => `${method.toUpperCase()} ${path} ${String((operation as Node)['operationId'])}`,
      ),
    );
    expect(served.sort()).toEqual([...PUBLISHED, ...EXTRAS].sort());
    expect((document as Node)['servers']).toEqual([{ url: 'http://127.0.0.1:8080/v2024-06-14' }]);
  });

  it('resolves every reference, and contains each component once', () => {
    const references = new Set(JSON.stringify(document).match(/#\/components\/[\w/]+/g));
    expect(references.size).toBeGreaterThan(60);
    for (const reference of references) at(document, ...reference.slice(2).split('/'));
    expect(JSON.stringify(document)).not.toContain('"$id"');
  });

  it('leaves out required fields that the published document never defines', () => {
    const schemas = at(document, 'components', 'schemas');
    expect(at(schemas, 'Process')['required']).toEqual(['id', 'state', 'tenantId']);
    expect(at(schemas, 'ProcessItemTask')['required']).toEqual(['state']);
    expect(at(schemas, 'ProcessCreateParams')['anyOf']).toEqual([
      { required: ['processDefinitionId'] },
      { required: ['tenantId', 'processDefinitionCode'] },
    ]);
    expect(at(schemas, 'Process', 'properties', 'uri')).toEqual({ type: 'string', readOnly: true });
  });

  it('describes repeated parameters, media types and the default answer', () => {
    const find = at(document, 'paths', '/processes', 'get');
    const state = (find['parameters'] as Node[]).find((parameter) => parameter['name'] === 'state');
    expect(state).toMatchObject({ in: 'query', required: false, style: 'form', explode: true });
    const patch = at(document, 'paths', '/processes/{id}/metadata', 'patch');
    expect(Object.keys(at(patch, 'requestBody', 'content'))).toEqual(['application/json-patch+json']);
    const download = at(
      document,
      'paths',
      '/process-items/{id}/task/data/~actions/download-webforms-as-document',
      'get',
    );
    expect(Object.keys(at(download, 'responses', '200', 'content'))).toEqual(['application/pdf', 'application/zip']);
    expect(at(find, 'responses', 'default')).toEqual({ $ref: '#/components/responses/DefaultError' });
    expect(Object.keys(at(document, 'components', 'securitySchemes'))).toEqual([
      'BasicAuth',
      'BearerAuth',
      'OAuth2Auth',
    ]);
  });
});
