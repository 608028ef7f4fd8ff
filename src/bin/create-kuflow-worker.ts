import { PACKAGE_NAME, packageVersion } from '../base/package-root.ts';
import { main } from '../cli/main.ts';
import { createEntry } from './commands.ts';

// Not awaited: the build compiles this to CommonJS, which starts faster.
void main({
  name: PACKAGE_NAME,
  description: 'Create a worker project for a KuFlow process.',
  version: packageVersion(),
  invocation: `npx ${PACKAGE_NAME}`,
  command: createEntry,
  commands: [],
});
