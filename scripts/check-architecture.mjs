// Fails on an import that the architecture does not allow: `npm run architecture`.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkBundle, checkSources, sourceFiles } from './architecture.mjs';
import { ROOT, bundle } from './bundle.mjs';

const config = JSON.parse(readFileSync(join(ROOT, 'scripts', 'architecture.json'), 'utf8'));
const { metafile } = await bundle();
const problems = [...checkSources(ROOT, config), ...checkBundle(metafile, config)];
for (const problem of problems) console.error(problem);
console.log(
  problems.length === 0
    ? `architecture: ${sourceFiles(ROOT).length} files, no problems`
    : `architecture: ${problems.length} problem(s)`,
);
process.exitCode = problems.length === 0 ? 0 : 1;
