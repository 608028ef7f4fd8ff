import tseslint from 'typescript-eslint';

const SANDBOX = 'Workflow code runs in a sandbox without Node.js APIs. Do this in an activity.';

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', '.kuflow/'] },
  ...tseslint.configs.recommended,
  {
    rules: {
      eqeqeq: 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
    },
  },
  {
    files: [
      'src/workflows.ts',
      'src/kuflow/workflow/**',
      'src/process/**',
      'src/processes/*/{workflows,tasks,types}.ts',
    ],
    rules: {
      'no-restricted-imports': ['error', { patterns: [{ regex: '^node:|^undici$', message: SANDBOX }] }],
      'no-restricted-globals': ['error', { name: 'process', message: SANDBOX }, { name: 'fetch', message: SANDBOX }],
    },
  },
);
