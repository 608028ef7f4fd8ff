import { expect, it } from 'vitest';
import type { ProjectSpec } from '../../../../src/languages/project-spec.ts';
import { renderProject } from '../../../../src/project/render.ts';

const object = (field: string) => ({
  schema: { type: 'object', required: [field], properties: { [field]: { type: 'string' } } },
});

const SPEC: ProjectSpec = {
  ...{ name: 'loan-worker', language: 'python', packageManager: 'uv', packageName: 'loan_worker', slug: 'loan' },
  ...{ local: true, cliPackage: '1.0.0', definitionSource: 'file' },
  definition: {
    process: { code: 'LOAN' },
    workflow: { type: 'LoanWorkflow', taskQueue: 'LOAN_QUEUE' },
    metadata: object('name'),
    tasks: [{ code: 'SIGN', kind: 'human', data: object('place'), contextData: object('limit') }],
  },
};

it('tasks have the type of their context data, and all fields of metadata are optional', async () => {
  const files = new Map((await renderProject(SPEC)).map((file) => [file.path, Buffer.from(file.contents).toString()]));
  const tasks = files.get('src/loan_worker/loan/tasks.py');
  expect(tasks).toContain('from .types import SignContext, SignData');
  expect(tasks).toContain('SIGN = HumanTask[SignData, SignContext]("SIGN")');
  const types = files.get('src/loan_worker/loan/types.py');
  expect(types).toMatch(/class Metadata\(TypedDict\):\n(?: {4}#.*\n)* {4}name: NotRequired\[str\]\n/);
  expect(types).toMatch(/class SignContext\(TypedDict\):\n(?: {4}#.*\n)* {4}limit: str\n/);
});
