// A receiver of webhooks that follows only KuFlow's documentation, like KuFlow's own REST sample, and does not use this project. It creates items
// without IDs, ignores responses with status 403 or 409, and responds with 500 to all other errors.
import { createServer } from 'node:http';

const { KUFLOW_API_ENDPOINT, KUFLOW_API_CLIENTID, KUFLOW_API_CLIENTSECRET, PORT } = process.env;
const authorization = `Basic ${Buffer.from(`${KUFLOW_API_CLIENTID}:${KUFLOW_API_CLIENTSECRET}`).toString('base64')}`;
const LARGEST_WITHOUT_APPROVAL = 5000;

class Refused extends Error {}

async function call(method, path, body) {
  const response = await fetch(`${KUFLOW_API_ENDPOINT}/v2024-06-14${path}`, {
    method,
    headers: { authorization, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  if (response.status === 403 || response.status === 409) throw new Refused(await response.text());
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return await response.json();
}

const createTask = (processId, processItemDefinitionCode) =>
  call('POST', '/process-items', { type: 'TASK', processId, processItemDefinitionCode });

/** The task for the initiator stays open: the process ends with it. */
async function notify(processId, code) {
  const { id } = await createTask(processId, code);
  const { initiatorId } = await call('GET', `/processes/${processId}`);
  await call('POST', `/process-items/${id}/task/~actions/assign`, { ownerId: initiatorId });
  await call('POST', `/processes/${processId}/~actions/complete`);
}

async function handleCompleted({ processId, processItemId, processItemDefinitionCode }) {
  const { task } = await call('GET', `/process-items/${processItemId}`);
  const data = task.data.value;
  if (processItemDefinitionCode === 'LOAN_APPLICATION') {
    if (Number(data.AMOUNT) > LARGEST_WITHOUT_APPROVAL) await createTask(processId, 'APPROVE_LOAN');
    else await notify(processId, 'NOTIFICATION_GRANTED');
  }
  if (processItemDefinitionCode === 'APPROVE_LOAN')
    await notify(processId, data.APPROVAL === 'YES' ? 'NOTIFICATION_GRANTED' : 'NOTIFICATION_REJECTION');
}

async function handle({ type, data }) {
  if (type === 'PROCESS.STATE_CHANGED' && data.processState === 'RUNNING')
    await createTask(data.processId, 'LOAN_APPLICATION');
  if (type === 'PROCESS_ITEM.TASK_STATE_CHANGED' && data.processItemState === 'COMPLETED') await handleCompleted(data);
}

createServer(async (request, response) => {
  let body = '';
  for await (const text of request.setEncoding('utf8')) body += text;
  try {
    await handle(JSON.parse(body));
  } catch (error) {
    if (!(error instanceof Refused)) response.statusCode = 500;
    process.stderr.write(`${error}\n`);
  }
  response.end();
}).listen(Number(PORT), '127.0.0.1');
