import { writeFile } from 'node:fs/promises';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { workflowSources } from '../src/kuflow/workflow-code.ts';

// Bundled at build time, so that production starts fast, needs no compiler and can run on a read-only file system.
const { code } = await bundleWorkflowCode({ ...workflowSources, logger: new DefaultLogger('WARN') });
await writeFile(new URL('../dist/workflow-bundle.js', import.meta.url), code);
