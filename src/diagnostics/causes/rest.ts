import { TunnelError } from '../../network/connect-tunnel.ts';
import { codeOf } from '../../base/errors.ts';
import { formatWithSeen, KuFlowApiError } from '../../kuflow/errors.ts';
import type { CheckInput } from '../input.ts';
import { skippedAs, type Facts, type Finding } from '../check.ts';
import { fillAdvice } from '../advice.ts';
import { isWrongEndpoint, restCauses, type RestCauseCode } from '../explanations/rest.ts';

function restErrorFacts(error: KuFlowApiError): Facts {
  return {
    ...(error.tried === undefined ? {} : { tried: error.tried }),
    ...(error.seen === undefined ? {} : { seen: error.seen }),
    ...(error.httpStatus === undefined ? networkFacts(error.cause) : { httpStatus: error.httpStatus }),
  };
}

type AboutRest = Pick<CheckInput, 'endpoint' | 'secretAsNumber' | 'isVerificationOff' | 'routeHints'>;

/** What to change in the settings, if they explain the failure better than the general advice does. */
function settingHints(code: RestCauseCode, about: AboutRest | undefined): readonly string[] {
  if (about === undefined) return [];
  const { endpoint, secretAsNumber, isVerificationOff } = about;
  if (code === 'rest-unauthorized' && secretAsNumber !== undefined)
    return [
      `Copy the client secret from the KuFlow app into ${secretAsNumber}, in quotes. Without quotes, the secret is a number, and programs that rewrite the file may change its digits`,
    ];
  if (code.startsWith('rest-tls') && isVerificationOff)
    return [
      'Remove NODE_TLS_REJECT_UNAUTHORIZED from the environment: it hides this problem from Node.js programs, which then send the client secret to any server',
    ];
  if (code !== 'rest-wrong-path') return [];
  const path = new URL(endpoint.value).pathname.replace(/\/v\d{4}-\d{2}-\d{2}$/, '');
  return [
    path === ''
      ? `Check whether the endpoint needs a path (${endpoint.source})`
      : `Correct or remove the path ${path} in the endpoint (${endpoint.source})`,
  ];
}

/** What kept a response from arriving. `networkCode`: an error code, or the status of the proxy. */
function networkFacts(cause: unknown): Facts {
  if (cause instanceof TunnelError) return { proxy: cause.proxy, networkCode: cause.status ?? cause.code };
  const code = codeOf(cause);
  return code === undefined ? {} : { networkCode: code };
}

/**
 * The finding for a failed call to KuFlow's REST API. Rethrows any other error, which is a bug in the check. With `about`, the advice also says
 * what is special about these settings.
 */
export function restFinding(error: unknown, about?: AboutRest): Finding {
  if (!(error instanceof KuFlowApiError)) throw error;
  const isResolverDown = error.kind === 'dns' && error.seen?.includes('EAI_AGAIN') === true;
  const code: RestCauseCode = isResolverDown ? 'rest-resolver-down' : `rest-${error.kind}`;
  const { verdict, advice } = restCauses[code];
  const text = formatWithSeen(error);
  const origin =
    about !== undefined && isWrongEndpoint(code) ? [`The endpoint is set in ${about.endpoint.source}`] : [];
  const route = error.httpStatus === undefined ? (about?.routeHints.rest ?? []) : [];
  return {
    state: verdict,
    summary: text,
    facts: restErrorFacts(error),
    cause: { code, verdict, text },
    // The client's hints are those of the explanation, plus the time to wait if KuFlow gave one.
    advice: isResolverDown
      ? fillAdvice(advice)
      : [...route, ...settingHints(code, about), ...error.next, ...origin].map((hint) => ({
          text: hint,
        })),
  };
}

/** Errors of a KuFlow that does not let the application list something. */
const HIDDEN: readonly KuFlowApiError['kind'][] = ['forbidden', 'not-found', 'wrong-path'];

/** The finding for a failed call that lists something. */
export function listingFinding(error: unknown, what: 'processes' | 'tenants'): Finding {
  if (error instanceof KuFlowApiError && HIDDEN.includes(error.kind))
    return skippedAs('restricted', `the application is not allowed to list ${what}`);
  return restFinding(error);
}
