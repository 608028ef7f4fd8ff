import { proxyActivities } from '@temporalio/workflow';

const { setFirstName } = proxyActivities({ startToCloseTimeout: '1 minute' });

export async function LoanWorkflow({ processId }) {
  await setFirstName(processId);
  return { message: 'done' };
}
