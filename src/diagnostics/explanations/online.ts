import { CALL_CODES, handshakeCauses, namespaceCauses, systemInfoCauses } from './engine.ts';
import { fails, warns, type Explanation } from './explanation.ts';
import { REST_CALL_CODES, restCauses } from './rest.ts';

/** Answers that only say that the application may not look at tenants. */
const NOT_SHOWN: readonly string[] = ['rest-forbidden', 'rest-not-found'];

/** What needs KuFlow or the engine. */
export const online: Readonly<Record<string, Explanation>> = {
  'KF-REST-001': {
    looksAt:
      "KuFlow's REST API with the application's credentials: host name, connection, TLS, proxy, status, and whose credentials they are. It reads; nothing is created.",
    causes: restCauses,
  },
  'KF-REST-002': {
    looksAt:
      'Whether the application sees the tenant that `kuflow.api.tenant-id` names, and whether one has to be named.',
    causes: {
      'tenant-not-visible': fails(
        'The application is of other tenants than the one in the settings.',
        'Correct kuflow.api.tenant-id (<source>); the tenants that it sees: <tenants>',
      ),
      'tenant-not-named': warns(
        'The application is of several tenants, and the settings name none: KuFlow can not know which is meant.',
        'Set kuflow.api.tenant-id to one of <tenants>',
      ),
    },
    alsoOf: { 'KF-REST-001': REST_CALL_CODES.filter((code) => !NOT_SHOWN.includes(code)) },
  },
  'KF-CLOCK-001': {
    looksAt:
      "This machine's clock against that of KuFlow, as its answer tells (the Date of an answer, the time in a refusal). Tokens and certificates are judged by KuFlow's time where they differ.",
    causes: {
      'clock-off': warns('The clock is off by more than 30 seconds.', 'Set it by a time server (NTP)'),
      'clock-wrong': fails(
        'The clock is off by 5 minutes or more: valid tokens and certificates look expired here, or not valid yet.',
        'Set it by a time server (NTP)',
      ),
    },
  },
  'KF-TOKEN-001': {
    looksAt:
      "An engine token, as the worker asks for it. Its claims are decoded and not verified: the key is the engine's. This creates one at KuFlow; `--no-create` leaves it out, and all that needs it.",
    causes: {
      'token-missing': fails('KuFlow answered without a token.', 'Check that the endpoint is KuFlow, and try again'),
      'token-no-expiry': warns(
        'KuFlow did not say when the token ends, or not in a form that can be read.',
        'Tell KuFlow; the worker asks again each minute',
      ),
      'token-expired-by-clock': warns(
        'The token is over as it is issued.',
        "Check this machine's clock",
        'If it is right, tell KuFlow',
      ),
      'token-claims-differ': warns(
        'The token itself says another end than KuFlow does: it may be refused before the worker renews it.',
        'Tell KuFlow both times',
      ),
      'token-not-yet-valid': warns(
        'The token counts only from a time in the future (nbf).',
        "Check this machine's clock",
      ),
      'token-too-long': fails('The token is longer than 64 kB, which no call can carry in its headers.', 'Tell KuFlow'),
    },
    alsoOf: { 'KF-REST-001': REST_CALL_CODES },
  },
  'KF-TLS-003': {
    looksAt:
      'The way to the engine and the TLS handshake: host name, connection, proxy, chain, name, HTTP/2, and what comes after the handshake, since TLS 1.3 tells only then that a client certificate was refused.',
    causes: handshakeCauses,
  },
  'KF-ENGINE-001': {
    looksAt:
      "GetSystemInfo with the token: what an SDK asks first of all. An engine that does not have the call (UNIMPLEMENTED) is restricted, which is no fault here: KuFlow's Python SDK goes on, though a worker of Temporal's TypeScript SDK does not connect. One that denies it (PERMISSION_DENIED) is no place for a worker: SDKs end there.",
    causes: systemInfoCauses,
    alsoOf: { 'KF-TLS-003': Object.keys(handshakeCauses) },
  },
  'KF-ENGINE-002': {
    looksAt:
      "DescribeNamespace with the token and the namespace in use. An engine that does not allow it is restricted, which is no fault here; where it denies it (PERMISSION_DENIED), a worker of Temporal's TypeScript SDK does not start.",
    causes: namespaceCauses,
    alsoOf: { 'KF-ENGINE-001': CALL_CODES },
  },
  'KF-POLL-001': {
    looksAt:
      'Who polls the task queue, as the engine knows it. That a worker has registered can not be read from KuFlow; pollers stand in for it. An engine that does not allow it is restricted, which is no fault.',
    causes: {
      'pollers-none': warns(
        'Nobody polls the queue, and nothing waits in it: no worker runs, or it polls another queue.',
        'Start the worker; its queue must be <queue>, letter by letter (<source>)',
      ),
      'pollers-none-backlog': fails(
        'Work waits in the queue and nobody polls it.',
        'Start the worker; its queue must be <queue>, letter by letter (<source>)',
      ),
      'pollers-stale-backlog': fails(
        'Work waits in the queue, and whoever polled it has not been seen for two minutes: the worker has stopped or lost its connection.',
        'Look at the log of the worker, and start it again',
      ),
      'pollers-wrong-kind-backlog': fails(
        'Tasks of one kind wait in the queue, and only the other kind is polled: workflow tasks need a worker with workflows, activity tasks one with activities.',
        'Check that the worker registers its <kind>, and that this is the queue of the process definition (<source>)',
      ),
      'pollers-stale': warns(
        'Whoever polled the queue has not been seen for two minutes: the worker has stopped or lost its connection.',
        'Look at the log of the worker, and start it again',
      ),
      'pollers-wrong-kind': warns(
        'The queue is polled for activities and not for workflows.',
        'Check that the worker registers its workflows, and that this is the queue of the process definition',
      ),
    },
    alsoOf: { 'KF-ENGINE-001': CALL_CODES },
  },
  'KF-PROC-001': {
    looksAt:
      '`--process ID`: workflow type and task queue with which KuFlow started that process, against those of this worker. The most common fault of the first day is that one of them differs by a letter.',
    causes: {
      'process-queue-differs': fails(
        'KuFlow started the process on another task queue than this worker polls.',
        "Use one name: the definition's screen in KuFlow's app, and <source>",
      ),
      'process-type-differs': fails(
        'KuFlow started the process with a workflow type that this worker does not have.',
        "Use one name: **Type** on the definition's screen in KuFlow's app, and workflow.type in <file>",
      ),
    },
    alsoOf: { 'KF-ENGINE-001': CALL_CODES },
  },
};
