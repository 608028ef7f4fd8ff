import tseslint from 'typescript-eslint';

export default tseslint.config(
  {
    ignores: [
      'dist/',
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
    files: ['src/**/*.ts', 'test/**/*.ts', 'bench/**/*.ts'],
    extends: [...tseslint.configs.strictTypeCheckedOnly],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
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
    files: ['src/commands/**/*.ts', 'src/terminal/**/*.ts'],
    // These make JSON that no terminal sees, and the text that all others take.
    ignores: ['src/cli/command-description.ts', 'src/commands/create/wizard/answer.ts', 'src/terminal/json.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        {
          object: 'JSON',
          property: 'stringify',
          message: 'A terminal might obey what is in it: jsonLine of terminal/safe-json.ts escapes that.',
        },
      ],
    },
  },
  {
    files: ['*.config.{js,ts}', 'scripts/**', 'bench/**', 'bin/**'],
    rules: { 'no-restricted-exports': 'off', 'no-console': 'off' },
  },
  { files: ['bin/**'], rules: { '@typescript-eslint/no-require-imports': 'off' } },
);
