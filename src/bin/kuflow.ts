import { cliInvocation } from '../base/cli-invocation.ts';
import { packageVersion } from '../base/package-root.ts';
import { currentFolder } from '../cli/current-folder.ts';
import { main } from '../cli/main.ts';
import { kuflowEntries } from './commands.ts';

// Not awaited: the build compiles this to CommonJS, which starts faster.
void main({
  name: 'kuflow',
  description: 'Create, run, connect and update workers for KuFlow processes.',
  version: packageVersion(),
  invocation: cliInvocation(currentFolder()),
  commands: kuflowEntries,
});
