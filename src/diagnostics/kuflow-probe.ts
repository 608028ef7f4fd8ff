import { Secret } from '../base/secret.ts';
import type { Call, QueryOf } from '../kuflow/call-types.ts';
import { KuFlowApiError } from '../kuflow/errors.ts';
import type { Identity, KuFlowProbe } from './input.ts';

/** The newest processes of a definition that are listed. */
const NEWEST_PROCESSES = 5;

/** The processes that `--process` is looked up in. */
const RECENT_PROCESSES = 100;

/** Errors of a KuFlow that accepts the credentials but hides the principal; the next call decides. */
const HIDDEN_PRINCIPAL: readonly KuFlowApiError['kind'][] = ['rejected', 'forbidden', 'not-found'];

// The Date header has whole seconds, rounded down (RFC 9110 §5.6.7); half a second more is right on average.
function parseServerTime(date: string | undefined): Pick<Identity, 'serverTime'> {
  const time = Date.parse(date ?? '');
  return Number.isNaN(time) ? {} : { serverTime: time + 500 };
}

/**
 * Makes the REST calls of the checks. An application is its own principal; if it is not allowed to read principals, `whoAmI` lists
 * its tenants instead.
 */
export function createKuFlowProbe(call: Call, clientId: string): KuFlowProbe {
  const whoAmI = async (signal: AbortSignal): Promise<Identity> => {
    try {
      const { body, headers } = await call('retrievePrincipal', { path: { id: clientId }, signal });
      const known = { ...(body.type && { type: body.type }), ...(body.name && { name: body.name }) };
      return { id: clientId, ...known, ...parseServerTime(headers['date']) };
    } catch (error) {
      if (!(error instanceof KuFlowApiError)) throw error;
      if (!HIDDEN_PRINCIPAL.includes(error.kind) && error.httpStatus !== 404) throw error;
      const { headers } = await call('findTenants', { query: { size: 1 }, signal });
      return { id: clientId, ...parseServerTime(headers['date']) };
    }
  };
  const newestProcesses = async (filter: QueryOf<'findProcesses'>, signal: AbortSignal): Promise<readonly string[]> => {
    const { body } = await call('findProcesses', { query: { ...filter, sort: ['createdAt,desc'] }, signal });
    return body.content.map(({ id }) => id);
  };
  return {
    whoAmI,
    tenants: async (signal) => {
      const { body } = await call('findTenants', { query: { size: 50 }, signal });
      return { ids: body.content.map(({ id }) => id), total: body.metadata.totalElements };
    },
    runningProcesses: (code, signal) =>
      newestProcesses({ processDefinitionCode: [code], state: ['RUNNING'], size: NEWEST_PROCESSES }, signal),
    recentProcesses: (signal) => newestProcesses({ size: RECENT_PROCESSES }, signal),
    readEncryptionKey: async (keyId, signal) => {
      await call('retrieveKmsKey', { path: { keyId }, signal });
    },
    requestToken: async (signal) => {
      const { body } = await call('createAuthentication', { body: { type: 'ENGINE_TOKEN' }, signal });
      const issued = body.engineToken;
      return { token: new Secret(issued?.token ?? ''), ...(issued && { expiredAt: issued.expiredAt }) };
    },
    requestCertificate: async (signal) => {
      const { body } = await call('createAuthentication', { body: { type: 'ENGINE_CERTIFICATE' }, signal });
      const issued = body.engineCertificate;
      return {
        namespace: issued?.namespace ?? '',
        text: {
          cert: issued?.tls.clientCertificate ?? '',
          key: issued?.tls.clientPrivateKey ?? '',
          ca: issued?.tls.serverRootCaCertificate ?? '',
        },
      };
    },
  };
}
