// Calls its own server through one of the two connections and prints whether the promises of this process are tracked afterwards.
import { executionAsyncId } from 'node:async_hooks';
import { Connection } from '@temporalio/client';
import { PlatformConnection } from '../../src/platform/temporal/connection.ts';
import { startUpstream } from '../unit/platform/gateway/harness.ts';

void (async () => {
  const server = await startUpstream();
  const kind = process.argv[2] === 'platform' ? PlatformConnection : Connection;
  const connection = await kind.connect({ address: `127.0.0.1:${server.port}` });
  await connection.withDeadline(Date.now() + 5000, () => connection.workflowService.getSystemInfo({}));
  // Without async hooks everything after a promise has the same id; with hooks each has its own.
  const ids = [await Promise.resolve().then(executionAsyncId), await Promise.resolve().then(executionAsyncId)];
  process.stdout.write(JSON.stringify({ followed: ids[0] !== ids[1] }));
  await connection.close();
  await server.close();
})();
