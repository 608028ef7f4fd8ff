import { readFile } from 'node:fs/promises';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

// The activities that kuflow-temporal-activity-kuflow 3.5.0 on PyPI registers.
const PYTHON_3_5_0 = [
  'KuFlow_Engine_appendProcessItemTaskLog',
  'KuFlow_Engine_assignProcessItemTask',
  'KuFlow_Engine_cancelBusinessArtifactAction',
  'KuFlow_Engine_cancelProcessAction',
  'KuFlow_Engine_cancelProcessItems',
  'KuFlow_Engine_changeProcessInitiator',
  'KuFlow_Engine_claimProcessItemTask',
  'KuFlow_Engine_completeProcessItemTask',
  'KuFlow_Engine_createBusinessArtifact',
  'KuFlow_Engine_createBusinessArtifactAction',
  'KuFlow_Engine_createProcessAction',
  'KuFlow_Engine_createProcessItem',
  'KuFlow_Engine_deleteBusinessArtifact',
  'KuFlow_Engine_deleteProcess',
  'KuFlow_Engine_findBusinessArtifacts',
  'KuFlow_Engine_findProcessItems',
  'KuFlow_Engine_findProcesses',
  'KuFlow_Engine_generateProcessItemAiAssistance',
  'KuFlow_Engine_patchBusinessArtifact',
  'KuFlow_Engine_patchProcessEntity',
  'KuFlow_Engine_patchProcessItemTaskData',
  'KuFlow_Engine_patchProcessMetadata',
  'KuFlow_Engine_prepareBusinessArtifactActionCreateArtifact',
  'KuFlow_Engine_prepareBusinessArtifactActionStartProcess',
  'KuFlow_Engine_retrieveBusinessArtifact',
  'KuFlow_Engine_retrieveBusinessArtifactAction',
  'KuFlow_Engine_retrievePrincipal',
  'KuFlow_Engine_retrieveProcess',
  'KuFlow_Engine_retrieveProcessAction',
  'KuFlow_Engine_retrieveProcessItem',
  'KuFlow_Engine_retrieveProcessItemAiAssistance',
  'KuFlow_Engine_retrieveTenantUser',
  'KuFlow_Engine_updateBusinessArtifact',
  'KuFlow_Engine_updateProcessEntity',
  'KuFlow_Engine_updateProcessItemTaskContextData',
  'KuFlow_Engine_updateProcessItemTaskData',
  'KuFlow_Engine_updateProcessMetadata',
];
// Only in KuFlow's other libraries.
const ELSEWHERE = ['KuFlow_Engine_prepareBusinessArtifactCreateArtifact'];

async function sourceOf(file: string): Promise<ts.SourceFile> {
  const path = new URL(`../../../templates/typescript/src/kuflow/${file}`, import.meta.url);
  return ts.createSourceFile(file, await readFile(path, 'utf8'), ts.ScriptTarget.ES2022, true);
}

/** The property names with KuFlow's prefix in an object literal or an interface. */
function namesIn(source: ts.SourceFile): readonly string[] {
  const names: string[] = [];
  const visit = (node: ts.Node): void => {
    if ((ts.isPropertyAssignment(node) || ts.isPropertySignature(node)) && ts.isIdentifier(node.name)) {
      if (node.name.text.startsWith('KuFlow_Engine_')) names.push(node.name.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return names.sort();
}

describe("KuFlow's activities in a TypeScript worker", () => {
  const expected = [...PYTHON_3_5_0, ...ELSEWHERE].sort();

  it("are all implemented, with KuFlow's names", async () => {
    expect(namesIn(await sourceOf('activities.ts'))).toEqual(expected);
  });

  it('are all declared for workflows', async () => {
    expect(namesIn(await sourceOf('model.ts'))).toEqual(expected);
  });
});
