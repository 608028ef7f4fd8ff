import tseslint from 'typescript-eslint';

/** Checked with their types. */
export const TYPED_FILES = ['src/**/*.{ts,tsx}', 'test/**/*.ts', 'bench/**/*.ts'];

export default tseslint.config(
  {
    ignores: [
      '.kuflow/',
      'dist/',
      'libraries/*/dist/',
      'docs/.vitepress/cache/',
      'node_modules/',
      'templates/',
      'test/golden/',
      'test/support/worker-project/',
      '.test-output/',
      'coverage/',
    ],
  },
  ...tseslint.configs.strict,
  {
    files: TYPED_FILES,
    extends: [...tseslint.configs.strictTypeCheckedOnly],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // Costs a sixth of the time, and without own enums (`erasableSyntaxOnly`) only finds values for those of packages.
      '@typescript-eslint/no-unsafe-enum-assignment': 'off',
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: true }],
    },
  },
  {
    rules: {
      'no-restricted-exports': ['error', { restrictDefaultExports: { direct: true, named: true } }],
      eqeqeq: ['error', 'always'],
      'no-console': 'error',
    },
  },
  {
    // The files that print.
    files: ['src/**/{command,run,run-*,view,*-view,ticket}.ts', 'src/cli/**/*.ts', 'src/terminal/**/*.ts'],
    ignores: ['src/cli/command-description.ts', 'src/terminal/json.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        {
          object: 'JSON',
          property: 'stringify',
          message: 'Use jsonLine of terminal/json.ts, which escapes control characters.',
        },
      ],
    },
  },
  {
    files: ['*.config.{js,ts}', 'docs/.vitepress/*.mts', 'scripts/**', 'bench/**', 'bin/**', 'libraries/**'],
    rules: { 'no-restricted-exports': 'off', 'no-console': 'off' },
  },
  { files: ['bin/**', 'scripts/*.cjs'], rules: { '@typescript-eslint/no-require-imports': 'off' } },
);
