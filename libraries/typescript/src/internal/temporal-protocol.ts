import { createRequire } from 'node:module';
import type * as Protocol from '@temporalio/proto';

const requireForTemporal = createRequire(createRequire(import.meta.url).resolve('@temporalio/common'));

/** The messages of Temporal's protocol. They are a dependency of Temporal's SDK, and their version must be that of the SDK. */
export const protocol = requireForTemporal('@temporalio/proto') as typeof Protocol;
