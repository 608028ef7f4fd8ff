import { runWorker } from 'kuflow-worker';
import { createActivities } from './activities.ts';
import { validators } from './process/validators.ts';
import * as workflows from './workflows.ts';

await runWorker({ name: 'loan-worker', main: import.meta.url, workflows, createActivities, validators });
