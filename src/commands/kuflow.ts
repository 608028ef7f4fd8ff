import { ownCommand } from '../base/own-command.ts';
import { packageVersion } from '../base/package-root.ts';
import { main } from './main.ts';
import { kuflowEntries } from './registry.ts';

await main({
  name: 'kuflow',
  description: 'Connect, try out and keep up to date the worker of a KuFlow process.',
  version: packageVersion(),
  invocation: ownCommand(process.cwd()),
  commands: kuflowEntries,
});
