#!/usr/bin/env node
// Bundles workflow code at build time, so that production starts fast, needs no compiler and can run on a read-only file system.
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { workflowSources } from './internal/workflow-code.ts';

const [workflows, output, ...others] = process.argv.slice(2);
if (workflows === undefined || output === undefined || others.length > 0) {
  process.stderr.write('Usage: kuflow-bundle-workflows <module with the workflows> <output>\n');
  process.exit(2);
}
const { code } = await bundleWorkflowCode({
  ...workflowSources(resolve(workflows)),
  logger: new DefaultLogger('WARN'),
});
await writeFile(output, code);
