// Runs before `dev` and `smoke`, and uses only Node.js: without it, the shell would just report that it cannot find kuflow.
import { createRequire } from 'node:module';

try {
  createRequire(import.meta.url).resolve('create-kuflow-worker/package.json');
} catch {
  process.stderr.write('Dependencies are not installed. Run npm install, then try again.\n');
  process.exitCode = 1;
}
