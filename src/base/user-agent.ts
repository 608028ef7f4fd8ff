/** What this tool calls itself in its requests to KuFlow, to Temporal and to the receivers of webhooks. */
export const USER_AGENT = 'create-kuflow-worker';
