// Runs before `dev` and `smoke`. Without it, the shell would report only that kuflow was not found. Imports only Node.js modules, because
// dependencies may be missing.
import { createRequire } from 'node:module';

try {
  createRequire(import.meta.url).resolve('create-kuflow-worker/package.json');
} catch {
  process.stderr.write('Dependencies are not installed. Run npm install, then try again.\n');
  process.exitCode = 1;
}
