import { describe, expect, it } from 'vitest';
import type { ProjectSpec } from '../../../../src/languages/project-spec.ts';
import { textOf } from '../../../../src/languages/planned-file.ts';
import { renderProject } from '../../../../src/project/render.ts';
import { sampleDefinition } from '../../../../src/process/sample.ts';

const spec: ProjectSpec = {
  name: 'a-worker',
  language: 'java',
  packageName: 'org.acme.loans',
  slug: 'loan',
  processes: [{ definition: sampleDefinition(), source: 'sample' }],
  local: true,
  packageManager: 'maven',
  cliPackage: '1.0.0',
};

describe('the package of a project', () => {
  it('is that of every file, and the imports are sorted as formatters expect', async () => {
    const files = (await renderProject(spec)).map((file) => ({ path: file.path, text: textOf(file) }));
    expect(files.filter(({ text }) => text.includes('com.example')).map(({ path }) => path)).toEqual([]);
    const sources = files.filter(({ path }) => path.endsWith('.java'));
    expect(sources.length).toBeGreaterThan(10);
    for (const { path, text } of sources) {
      const [, folder = ''] = /^src\/(?:main|test)\/java\/(.*)\/[^/]+\.java$/.exec(path) ?? [];
      expect(text, path).toContain(`package ${folder.replaceAll('/', '.')};`);
      for (const [lines] of text.matchAll(/(?:^import .*;\n)+/gm)) {
        const names = lines
          .trimEnd()
          .split('\n')
          .map((line) => line.slice(0, -1));
        expect(names, path).toEqual([...names].sort());
      }
    }
  });
});
