import { proxyActivities } from '@temporalio/workflow';

const { work } = proxyActivities({ startToCloseTimeout: '1 minute' });

export async function bench() {
  return await work();
}
