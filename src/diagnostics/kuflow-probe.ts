import { Secret } from '../base/secret.ts';
import type { KuFlowClient } from '../kuflow/client.ts';
import { KuFlowApiError } from '../kuflow/errors.ts';
import type { Identity, KuFlowProbe } from './check-input.ts';

/** Answers of somebody who knows the caller, and does not show this resource: the next question decides. */
const NOT_SHOWN: readonly KuFlowApiError['kind'][] = ['rejected', 'forbidden', 'not-found'];

// RFC 9110 §5.6.7: whole seconds, cut off; half a second later is right on average.
function timeOf(date: string | undefined): Pick<Identity, 'serverTime'> {
  const time = Date.parse(date ?? '');
  return Number.isNaN(time) ? {} : { serverTime: time + 500 };
}

/**
 * The questions of the checks, asked with KuFlow's client. An application is its own principal; one without the right to read
 * principals is asked for its tenants instead.
 */
export function createKuFlowProbe(client: KuFlowClient, clientId: string): KuFlowProbe {
  const whoAmI = async (signal: AbortSignal): Promise<Identity> => {
    try {
      const { body, headers } = await client.call('retrievePrincipal', { path: { id: clientId }, signal });
      const known = { ...(body.type && { type: body.type }), ...(body.name && { name: body.name }) };
      return { id: clientId, ...known, ...timeOf(headers['date']) };
    } catch (error) {
      if (!(error instanceof KuFlowApiError) || !NOT_SHOWN.includes(error.kind)) throw error;
      const { headers } = await client.call('findTenants', { query: { size: 1 }, signal });
      return { id: clientId, ...timeOf(headers['date']) };
    }
  };
  return {
    whoAmI,
    tenants: async (signal) => {
      const { body } = await client.call('findTenants', { query: { size: 50 }, signal });
      return { ids: body.content.map(({ id }) => id), total: body.metadata.totalElements };
    },
    requestToken: async (signal) => {
      const { body } = await client.call('createAuthentication', { body: { type: 'ENGINE_TOKEN' }, signal });
      const issued = body.engineToken;
      return { token: new Secret(issued?.token ?? ''), ...(issued && { expiredAt: issued.expiredAt }) };
    },
    requestCertificate: async (signal) => {
      const { body } = await client.call('createAuthentication', { body: { type: 'ENGINE_CERTIFICATE' }, signal });
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
