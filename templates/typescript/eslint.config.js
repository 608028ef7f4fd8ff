import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

const SANDBOX = 'Workflow code runs in a sandbox without Node.js APIs. Call an activity instead.';
const WORKFLOWS_ONLY =
  'Every export of this file is a workflow type: an async function that KuFlow calls with one argument. ' +
  'Give further parameters default values, and move anything else to another file.';

export default defineConfig(
  { ignores: ['dist/', 'node_modules/', '.kuflow/'] },
  tseslint.configs.recommended,
  {
    rules: {
      eqeqeq: 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
    },
  },
  {
    files: ['src/**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      // Without `await`, the workflow continues, or ends, while the task is still open.
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
    },
  },
  {
    files: ['src/workflows.ts', 'src/workflow-interceptors.ts', 'src/process/**', 'src/processes/*/{workflows,tasks,types}.ts'],
    rules: {
      'no-restricted-imports': ['error', { patterns: [{ regex: '^node:|^kuflow-worker$', message: SANDBOX, allowTypeImports: true }] }],
      'no-restricted-globals': ['error', { name: 'process', message: SANDBOX }, { name: 'fetch', message: SANDBOX }],
    },
  },
  {
    files: ['src/workflows.ts', 'src/processes/*/workflows.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        ...[
          'ExportDefaultDeclaration',
          'ExportNamedDeclaration > :matches(VariableDeclaration, ClassDeclaration, TSEnumDeclaration)',
          'ExportNamedDeclaration > FunctionDeclaration:not([async=true])',
          'ExportNamedDeclaration > FunctionDeclaration > :not(AssignmentPattern).params:not(:first-child)',
        ].map((selector) => ({ selector, message: WORKFLOWS_ONLY })),
      ],
    },
  },
);
