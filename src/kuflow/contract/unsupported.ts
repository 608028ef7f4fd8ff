import { DefaultError, answer } from './common.ts';
import { resource, type Operation, type OperationEntry } from './operation.ts';

/**
 * The operations that nothing in this package calls and that the local KuFlow refuses by name, because it does not have what they work with, such as
 * definitions of business artifacts and robots. Only their names and addresses are known here.
 */
export const unsupportedOperations = {
  ...refused('published', {
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
  }),
  ...refused('sdk', {
    restoreBusinessArtifact: 'POST /business-artifacts/{id}/~actions/restore',
    // Known from newer SDK models only: neither the path nor the operation id was ever published.
    prepareBusinessArtifactStartProcess: 'POST /business-artifacts/{id}/~actions/prepare-start-process',
  }),
};

function refused<Id extends string>(origin: Operation['origin'], calls: Readonly<Record<Id, OperationEntry['call']>>) {
  const summary = 'Not supported by the local KuFlow';
  const responses = { 501: answer(DefaultError, 'Always') };
  const entries = Object.entries<OperationEntry['call']>(calls).map(([id, call]): [string, OperationEntry] => [
    id,
    { call, summary, origin, responses },
  ]);
  return resource('unsupported', Object.fromEntries(entries) as Readonly<Record<Id, OperationEntry>>);
}
