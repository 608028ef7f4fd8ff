// Writes the Homebrew formula and the Scoop manifest next to the archives of all platforms: `node scripts/write-packaging.mjs <folder>`.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './bundle.mjs';
import { repositoryOf, writePackaging } from './release-files.mjs';

const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const repository = repositoryOf(manifest);
if (repository === undefined) throw new Error('Set "repository" in package.json');
const missing = writePackaging(process.argv[2], manifest.version, repository);
if (missing.length > 0) throw new Error(missing.join('\n'));
