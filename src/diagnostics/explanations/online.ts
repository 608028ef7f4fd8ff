import { CALL_CODES, handshakeCauses, namespaceCauses, systemInfoCauses } from './engine.ts';
import { fails, unclear, warns, type Explanation } from './explanation.ts';
import { REST_CALL_CODES, restCauses } from './rest.ts';

/** Responses that only mean that the application is not allowed to list tenants. */
const TENANTS_HIDDEN_CODES: readonly string[] = ['rest-forbidden', 'rest-not-found', 'rest-wrong-path'];

const SYNC_CLOCK = 'Synchronize the clock with a time server (NTP)';
const KUFLOW_CLOCK = "If this machine's clock is right, KuFlow's clock is wrong, so report the difference to KuFlow";
const START_WORKER = [
  { text: 'Start the worker', command: '<start>' },
  'If the worker is running, it is polling a task queue other than <queue> (from <source>), for example because TEMPORAL_KUFLOWQUEUE is set in its environment',
];
const RESTART_WORKER = "Check the worker's log, and restart the worker";

export const online: Readonly<Record<string, Explanation>> = {
  'KF-REST-001': {
    looksAt:
      "Calls KuFlow's REST API with the application's credentials. Checks the host name, connection, TLS, proxy and response status, and determines which application the credentials belong to. Read-only.",
    causes: restCauses,
  },
  'KF-REST-002': {
    looksAt:
      'Checks whether the application belongs to the tenant in `kuflow.api.tenant-id`, and whether that setting is required.',
    causes: {
      'tenant-not-visible': fails(
        'The application does not belong to the configured tenant.',
        "Correct kuflow.api.tenant-id (<source>); the application's tenants are <tenants>",
      ),
      'tenant-not-named': warns(
        'The application belongs to several tenants, and the settings do not specify which one to use.',
        'Set kuflow.api.tenant-id to one of <tenants>',
      ),
    },
    alsoOf: { 'KF-REST-001': REST_CALL_CODES.filter((code) => !TENANTS_HIDDEN_CODES.includes(code)) },
  },
  'KF-CLOCK-001': {
    looksAt:
      "Compares this machine's clock with the time in KuFlow's responses (the `Date` header, or the timestamp in an error response). If the two differ by 30 seconds or more, the other checks use KuFlow's time to validate tokens and certificates.",
    causes: {
      'clock-off': warns('The clock is off by 30 seconds or more.', SYNC_CLOCK),
      'clock-wrong': fails(
        'The clock is off by 5 minutes or more, so valid tokens and certificates can look expired or not yet valid.',
        SYNC_CLOCK,
        KUFLOW_CLOCK,
      ),
    },
  },
  'KF-TOKEN-001': {
    looksAt:
      "Requests an engine token the same way the worker does. Decodes the token's claims but does not verify them, because only the engine has the key. Creates a token in KuFlow. `--no-create` skips this check and every check that needs a token.",
    causes: {
      'token-missing': fails(
        "KuFlow's response does not contain a token.",
        "Check that the endpoint is KuFlow's API, and try again",
      ),
      'token-no-expiry': warns(
        "KuFlow's response does not contain a valid expiration time for the token.",
        'Report the problem to KuFlow; until it is fixed, the worker requests a new token every minute',
      ),
      'token-expired-by-clock': warns(
        'The token had already expired when it was issued.',
        "Check this machine's clock",
        'If the clock is right, report the problem to KuFlow',
      ),
      'token-claims-differ': warns(
        "The token's claims and KuFlow's response contain different expiration times. The engine might reject the token before the worker renews it.",
        'Report both times to KuFlow',
      ),
      'token-not-yet-valid': warns('The token is not valid yet (nbf claim).', "Check this machine's clock"),
      'token-too-long': fails(
        'The token is larger than 64 kB, which is too large for a request header.',
        'Report the problem to KuFlow',
      ),
    },
    alsoOf: { 'KF-REST-001': REST_CALL_CODES },
  },
  'KF-TLS-003': {
    looksAt:
      'Checks the engine connection up to and including the TLS handshake: host name, TCP connection, proxy, certificate chain, server name and HTTP/2. Also reads what the server sends after the handshake, because a TLS 1.3 server does not reject a client certificate until then.',
    causes: handshakeCauses,
  },
  'KF-ENGINE-001': {
    looksAt:
      "Calls GetSystemInfo with the token. SDKs make this call first when they connect. UNIMPLEMENTED means that KuFlow's engine does not accept this call. This response is not a failure, because KuFlow's Python SDK can connect without the call. However, the result notes that Temporal's TypeScript SDK cannot connect. PERMISSION_DENIED is a failure, because it prevents every SDK from connecting.",
    causes: systemInfoCauses,
    alsoOf: { 'KF-TLS-003': Object.keys(handshakeCauses) },
  },
  'KF-ENGINE-002': {
    looksAt:
      "Calls DescribeNamespace with the token and the namespace in use, as Temporal's SDKs do when a worker starts. UNIMPLEMENTED means that KuFlow's engine does not accept this call. This response is not a failure, because workers can start without the call. PERMISSION_DENIED is a failure. To detect a misspelled namespace, doctor compares the namespace with those in the token and the certificate.",
    causes: namespaceCauses,
    alsoOf: { 'KF-ENGINE-001': CALL_CODES },
  },
  'KF-POLL-001': {
    looksAt:
      "Asks the engine which workers poll the task queue, because KuFlow's API does not show whether a worker has registered. If the engine does not allow this call, the check is skipped.",
    causes: {
      'pollers-none': warns(
        'No worker is polling the task queue, and no tasks are waiting. Either no worker is running, or the worker is polling a different queue.',
        ...START_WORKER,
      ),
      'pollers-none-backlog': fails('Tasks are waiting in the queue, but no worker is polling it.', ...START_WORKER),
      'pollers-stale-backlog': fails(
        'Tasks are waiting, but no worker has polled the queue in the last two minutes. The worker has stopped or lost its connection.',
        RESTART_WORKER,
      ),
      'pollers-wrong-kind-backlog': fails(
        'Workflow tasks are waiting, but workers poll only for activity tasks, or the other way around.',
        'Check that the worker registers its <kind>, and that the process definition uses this queue (<source>)',
      ),
      'pollers-stale': warns(
        'No worker has polled the queue in the last two minutes. The worker has stopped or lost its connection.',
        RESTART_WORKER,
      ),
      'pollers-wrong-kind': warns(
        'Workers poll the queue for activities but not for workflows.',
        'Check that the worker registers its workflows, and that the process definition uses this queue',
      ),
    },
    alsoOf: { 'KF-ENGINE-001': CALL_CODES },
  },
  'KF-PROC-001': {
    looksAt:
      "With `--process <id>`, checks whether KuFlow started that process with this worker's workflow type and task queue. A typo in either name is the most common problem during initial setup. To compare the workflow code itself with running processes, use `kuflow replay`.",
    causes: {
      'process-queue-differs': fails(
        'KuFlow started the process on a task queue that this worker does not poll.',
        'Set the same task queue in the process definition in the KuFlow app and in <source>',
      ),
      'process-type-differs': fails(
        'KuFlow started the process with a workflow type that this worker does not have.',
        'Set the same workflow type in the process definition in the KuFlow app (**Type**) and in <file> (workflow.type)',
      ),
    },
    alsoOf: { 'KF-ENGINE-001': CALL_CODES },
  },
  'KF-PROC-002': {
    looksAt:
      "Checks whether the application can read the encryption keys of confidential processes. By default, checks the newest running processes of each definition whose file contains `process.confidential: true`. With `--process <id>`, checks only the given process. KuFlow's API does not return key IDs, so doctor, like a worker, reads them from the processes' start events. If no confidential process is running, no key is checked. Read-only. Keys are neither shown nor stored.",
    causes: {
      'encryption-key-forbidden': fails(
        'KuFlow does not allow the application to read the key of a running process (403).',
        'In the KuFlow app, give the application a role in process <process>',
      ),
      'encryption-key-not-found': fails(
        'KuFlow started a process with a key that does not exist or is hidden from the application (404). The worker cannot run this process.',
        'Check that the endpoint (<source>) belongs to the KuFlow environment that started the process',
        'Report process <process> and its key <key> to KuFlow',
      ),
      'encryption-key-no-answer': unclear(
        'The REST API works, but the request for a key failed because of a timeout, a lost connection, too many requests (429) or a server error (5xx). Confidential processes wait until the key can be read.',
        'Try again; if the error persists, tell KuFlow that the retrieveKmsKey operation failed, and when',
      ),
    },
    alsoOf: {
      'KF-ENGINE-001': CALL_CODES,
      'KF-REST-001': REST_CALL_CODES.filter((code) => code !== 'rest-forbidden' && code !== 'rest-not-found'),
    },
  },
};
