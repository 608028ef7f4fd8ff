// Asks a server of its own by one of the two connections, and prints whether promises of this process are followed from then on.
import { executionAsyncId } from 'node:async_hooks';
import { Connection } from '@temporalio/client';
import { PlatformConnection } from '../../src/platform/temporal/connection.ts';
import { startUpstream } from '../unit/platform/gateway/harness.ts';

void (async () => {
  const server = await startUpstream();
  const kind = process.argv[2] === 'platform' ? PlatformConnection : Connection;
  const connection = await kind.connect({ address: `127.0.0.1:${server.port}` });
  await connection.withDeadline(Date.now() + 5000, () => connection.workflowService.getSystemInfo({}));
  // Without hooks all that follows a promise has one id; with them each has its own.
  const ids = [await Promise.resolve().then(executionAsyncId), await Promise.resolve().then(executionAsyncId)];
  process.stdout.write(JSON.stringify({ followed: ids[0] !== ids[1] }));
  await connection.close();
  await server.close();
})();
