import { cliInvocation } from '../base/cli-invocation.ts';
import { packageVersion } from '../base/package-root.ts';
import { main, currentFolder } from '../cli/main.ts';
import { kuflowEntries } from './commands.ts';

const EXAMPLES = `
Examples:
  create a worker for a sample process on the local KuFlow; needs no account
    $ npx create-kuflow-worker loan-worker --local
  run a local KuFlow for the project in this folder
    $ kuflow dev
  find out why a worker cannot connect
    $ kuflow doctor
  read the tutorial
    $ kuflow docs first-worker

In a TypeScript project, run npx kuflow; in a Java or Python project, ./kuflow.`;

// Not awaited: the build compiles this to CommonJS, which starts faster.
void main({
  name: 'kuflow',
  description: 'Create, run, connect and update workers for KuFlow processes.',
  version: packageVersion(),
  examples: EXAMPLES,
  invocation: cliInvocation(currentFolder()),
  commands: kuflowEntries,
});
