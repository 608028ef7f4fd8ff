// Runs before `dev` and `smoke`, with Node.js modules only. Without it, the shell reports only that kuflow was not found.
import { createRequire } from 'node:module';

try {
  createRequire(import.meta.url).resolve('create-kuflow-worker/package.json');
} catch {
  process.stderr.write('Dependencies are not installed. Run npm install, then try again.\n');
  process.exitCode = 1;
}
