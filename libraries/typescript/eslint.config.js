import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

const SANDBOX = 'Workflow code runs in a sandbox without Node.js APIs.';

export default defineConfig(
  { ignores: ['dist/', 'node_modules/'] },
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
      // A task whose promise is not awaited is still open when the workflow continues, or ends.
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
    },
  },
  {
    files: ['src/workflow.ts', 'src/internal/workflow/**'],
    rules: {
      'no-restricted-imports': ['error', { patterns: [{ regex: '^node:|^undici$', message: SANDBOX }] }],
      'no-restricted-globals': ['error', { name: 'process', message: SANDBOX }, { name: 'fetch', message: SANDBOX }],
    },
  },
);
