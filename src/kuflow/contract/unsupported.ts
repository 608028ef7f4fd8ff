import { DefaultError, answer } from './common.ts';
import { resource, type OperationEntry } from './operation.ts';

const CALLS = {
  retrieveProcessItemAiAssistance: 'GET /process-items/{id}/~actions/ai-assistance',
  generateProcessItemAiAssistance: 'POST /process-items/{id}/~actions/ai-assistance',
  downloadProcessItemTaskDataWebformsAsDocument:
    'GET /process-items/{id}/task/data/~actions/download-webforms-as-document',
  findBusinessArtifacts: 'GET /business-artifacts',
  createBusinessArtifact: 'POST /business-artifacts',
  retrieveBusinessArtifact: 'GET /business-artifacts/{id}',
  deleteBusinessArtifact: 'DELETE /business-artifacts/{id}',
  updateBusinessArtifactData: 'PUT /business-artifacts/{id}/data',
  patchBusinessArtifactData: 'PATCH /business-artifacts/{id}/data',
  createBusinessArtifactAction: 'POST /business-artifacts/{id}/actions',
  retrieveBusinessArtifactAction: 'GET /business-artifacts/{id}/actions/{actionId}',
  cancelBusinessArtifactAction: 'POST /business-artifacts/{id}/actions/{actionId}/~actions/cancel',
  prepareBusinessArtifactCreateArtifact: 'POST /business-artifacts/{id}/~actions/prepare-create-artifact',
  uploadBusinessArtifactDocument: 'POST /business-artifacts/{id}/~actions/upload-document',
  downloadBusinessArtifactDocument: 'GET /business-artifacts/{id}/~actions/download-document',
  findRobots: 'GET /robots',
  retrieveRobot: 'GET /robots/{id}',
  downloadRobotSourceCode: 'GET /robots/{id}/~actions/download-source-code',
  downloadRobotAsset: 'GET /robots/{id}/~actions/download-asset',
  restoreBusinessArtifact: 'POST /business-artifacts/{id}/~actions/restore',
  // Known from newer SDK models only: neither the path nor the operation id was ever published.
  prepareBusinessArtifactStartProcess: 'POST /business-artifacts/{id}/~actions/prepare-start-process',
} as const satisfies Readonly<Record<string, OperationEntry['call']>>;

/**
 * The operations that nothing in this package calls and that the local KuFlow refuses by name, because it does not have what they work with, such as
 * definitions of business artifacts and robots. Only their names and addresses are known here.
 */
export const unsupportedOperations = resource(
  'unsupported',
  Object.fromEntries(
    Object.entries(CALLS).map(([id, call]): [string, OperationEntry] => [
      id,
      {
        call,
        summary: 'Not supported by the local KuFlow',
        responses: { 501: answer(DefaultError, 'Always') },
      },
    ]),
  ) as Readonly<Record<keyof typeof CALLS, OperationEntry>>,
);
