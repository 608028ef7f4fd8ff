// Runs before `dev` and `smoke`. Uses only Node.js modules. Without this check, the shell would only report that kuflow was not found.
import { createRequire } from 'node:module';

try {
  createRequire(import.meta.url).resolve('create-kuflow-worker/package.json');
} catch {
  process.stderr.write('Dependencies are not installed. Run npm install, then try again.\n');
  process.exitCode = 1;
}
