import { expect, it } from 'vitest';
import { textOf } from '../../../../src/languages/planned-file.ts';
import type { ProjectSpec } from '../../../../src/languages/project-spec.ts';
import { renderProject } from '../../../../src/project/render.ts';

const SPEC: ProjectSpec = {
  ...{ name: 'loan-worker', language: 'java', packageManager: 'maven', cliPackage: '1.0.0', local: true, slug: 'loan' },
  packageName: 'com.example.loanworker',
  processes: [
    {
      source: 'flags',
      definition: {
        process: { code: 'LOAN' },
        workflow: { type: 'LoanWorkflow', taskQueue: 'LOANS' },
        tasks: [{ code: 'SEND-MAIL', kind: 'system' }],
        actions: [
          {
            code: 'SEND_MAIL',
            type: 'send-workflow-signal',
            signal: 'sendMail',
            input: { schema: { type: 'object', properties: { reason: { type: 'string' } } } },
          },
        ],
      },
    },
  ],
};

it('a file never imports the input of an activity and the input of a user action under the same name', async () => {
  for (const file of await renderProject(SPEC)) {
    if (!file.path.endsWith('.java')) continue;
    const names = [...textOf(file).matchAll(/^import (?!static).*\.(\w+);$/gm)].map(([, name]) => name);
    expect(new Set(names).size, file.path).toBe(names.length);
  }
});
