// Runs before `dev` and `smoke`. Otherwise, the shell would report only that `kuflow` was not found. This script imports only Node.js
// modules, because dependencies may be missing.
import { createRequire } from 'node:module';

try {
  createRequire(import.meta.url).resolve('create-kuflow-worker/package.json');
} catch {
  process.stderr.write('Dependencies are not installed. Run npm install, then try again.\n');
  process.exitCode = 1;
}
