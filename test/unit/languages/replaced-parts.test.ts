import { expect, it } from 'vitest';
import { textOf, textFile } from '../../../src/languages/planned-file.ts';
import { renderProject } from '../../../src/project/render.ts';
import { sampleDefinition } from '../../../src/process/sample.ts';

const SHARED = {
  ...{ name: 'loan-worker', cliPackage: '1.0.0', local: true, slug: 'loan' },
  processes: [{ definition: sampleDefinition(), source: 'sample' }],
} as const;

const CASES = [
  {
    spec: { ...SHARED, language: 'typescript', packageManager: 'npm' },
    part: 'src/activities.ts.hbs',
    path: 'src/activities.ts',
    text: "import { KIND } from './kinds.js';\nexport const f = (x: string) => {\n  switch (x) {\n    case KIND:\n      return 1;\n  }\n};\n",
  },
  {
    spec: { ...SHARED, language: 'python', packageManager: 'uv', packageName: 'loan_worker' },
    part: 'src/example_worker/process/activities.py.hbs',
    path: 'src/loan_worker/loan/activities.py',
    text: 'from __future__ import annotations\n\nimport xml.dom\nfrom json import loads as parse\n\nVALUE = parse(xml.dom.EMPTY_NAMESPACE or "1")\n',
  },
  {
    spec: { ...SHARED, language: 'java', packageManager: 'maven', packageName: 'com.example.loanworker' },
    part: 'src/main/java/com/example/worker/process/ProcessActivitiesImpl.java.hbs',
    path: 'src/main/java/com/example/loanworker/loan/LoanActivitiesImpl.java',
    text: 'package com.example.loanworker.loan;\n\nimport java.util.*;\n\nclass LoanActivitiesImpl {\n    List<String> texts;\n}\n',
  },
] as const;

it.each(CASES)("keeps the imports of a user's own $part", async ({ spec, part, path, text }) => {
  const template = { origin: { source: 'own' }, files: new Map([[part, textFile(part, text)]]) };
  const files = await renderProject({ ...spec, template });
  expect(textOf(files.find((file) => file.path === path))).toBe(text);
});
