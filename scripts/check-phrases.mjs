// Fails on phrases that read as if translated: `node scripts/check-phrases.mjs [path…]`.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './bundle.mjs';
import { checkPhrases } from './phrases.mjs';

const { ignored, allowed } = JSON.parse(readFileSync(join(ROOT, 'scripts', 'phrases.json'), 'utf8'));
const given = process.argv.slice(2);
const paths = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '--', ...given], {
  cwd: ROOT,
  encoding: 'utf8',
})
  .split('\n')
  .filter((path) => /\.(?:[cm]?[jt]s|hbs|md|ya?ml|json|bash|fish|zsh|ps1|py|java)$/.test(path))
  .filter((path) => !ignored.some((start) => path.startsWith(start)) && existsSync(join(ROOT, path)));
const problems = checkPhrases(ROOT, [...new Set(paths)], allowed);
for (const problem of problems) console.error(problem);
console.log(
  problems.length === 0 ? `phrases: ${paths.length} files, no problems` : `phrases: ${problems.length} problem(s)`,
);
process.exitCode = problems.length === 0 ? 0 : 1;
