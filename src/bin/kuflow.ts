import { cliInvocation } from '../base/cli-invocation.ts';
import { packageVersion } from '../base/package-root.ts';
import { currentFolder } from '../cli/current-folder.ts';
import { main } from '../cli/main.ts';
import { kuflowEntries } from './commands.ts';

// Not awaited: the build makes CommonJS of this, which starts faster.
void main({
  name: 'kuflow',
  description: 'Connect, try out and keep up to date the worker of a KuFlow process.',
  version: packageVersion(),
  invocation: cliInvocation(currentFolder()),
  commands: kuflowEntries,
});
