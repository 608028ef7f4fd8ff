import { readFile } from 'node:fs/promises';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

// The activities that kuflow-temporal-activity-kuflow 3.5.0 on PyPI registers, without their prefix KuFlow_Engine_.
const PYTHON_3_5_0 = [
  'appendProcessItemTaskLog',
  'assignProcessItemTask',
  'cancelBusinessArtifactAction',
  'cancelProcessAction',
  'cancelProcessItems',
  'changeProcessInitiator',
  'claimProcessItemTask',
  'completeProcessItemTask',
  'createBusinessArtifact',
  'createBusinessArtifactAction',
  'createProcessAction',
  'createProcessItem',
  'deleteBusinessArtifact',
  'deleteProcess',
  'findBusinessArtifacts',
  'findProcessItems',
  'findProcesses',
  'generateProcessItemAiAssistance',
  'patchBusinessArtifact',
  'patchProcessEntity',
  'patchProcessItemTaskData',
  'patchProcessMetadata',
  'prepareBusinessArtifactActionCreateArtifact',
  'prepareBusinessArtifactActionStartProcess',
  'retrieveBusinessArtifact',
  'retrieveBusinessArtifactAction',
  'retrievePrincipal',
  'retrieveProcess',
  'retrieveProcessAction',
  'retrieveProcessItem',
  'retrieveProcessItemAiAssistance',
  'retrieveTenantUser',
  'updateBusinessArtifact',
  'updateProcessEntity',
  'updateProcessItemTaskContextData',
  'updateProcessItemTaskData',
  'updateProcessMetadata',
];
// Only in KuFlow's other libraries.
const ELSEWHERE = ['prepareBusinessArtifactCreateArtifact'];

async function sourceOf(file: string): Promise<ts.SourceFile> {
  const path = new URL(`../../../libraries/typescript/src/internal/${file}`, import.meta.url);
  return ts.createSourceFile(file, await readFile(path, 'utf8'), ts.ScriptTarget.ES2022, true);
}

/** The members of an object literal or interface with this name. */
function membersOf(source: ts.SourceFile, name: string): readonly string[] {
  const found = source.statements.flatMap((statement): readonly ts.Node[] => {
    if (ts.isInterfaceDeclaration(statement)) return statement.name.text === name ? statement.members : [];
    if (!ts.isVariableStatement(statement)) return [];
    const [declaration] = statement.declarationList.declarations;
    const value = declaration?.initializer;
    return declaration?.name.getText(source) === name && value !== undefined && ts.isObjectLiteralExpression(value)
      ? value.properties
      : [];
  });
  return found.map((member) => (member as ts.PropertySignature).name.getText(source)).sort();
}

const expected = [...PYTHON_3_5_0, ...ELSEWHERE].sort();

describe("KuFlow's activities in a TypeScript worker", () => {
  it("are all implemented, with KuFlow's names [activities.names]", async () => {
    expect(membersOf(await sourceOf('client.ts'), 'CALLS')).toEqual(expected);
  });

  it('are all declared for workflows [activities.names]', async () => {
    expect(membersOf(await sourceOf('model.ts'), 'KuFlowOperations')).toEqual(expected);
  });
});

describe("KuFlow's activities in a Java worker", () => {
  it("are all implemented, with KuFlow's names [java: activities.names]", async () => {
    const path = '../../../libraries/java/src/main/java/kuflow/worker/KuFlowOperations.java';
    const source = await readFile(new URL(path, import.meta.url), 'utf8');
    // The worker adds the prefix, and capitalizes the name of the method as KuFlow's Java library does.
    const names = [...source.matchAll(/@Operation\([^;]*?\)\n {4}[\w<>, ]+ (\w+)\(/g)].map(([, name = '']) => name);
    expect(names.sort()).toEqual(expected);
  });
});

describe("KuFlow's activities in a Python worker", () => {
  it("are all implemented, with KuFlow's names [python: activities.names]", async () => {
    const path = '../../../libraries/python/src/kuflow_worker/_internal/operations.py';
    const source = await readFile(new URL(path, import.meta.url), 'utf8');
    const names = [...source.matchAll(/^ {4}(\w+) = Operation\[/gm)].map(([, name = '']) =>
      name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
    );
    expect(names.sort()).toEqual(expected);
  });
});
