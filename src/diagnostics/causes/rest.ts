import type { Sourced } from '../../connection/inspect.ts';
import { type FailureKind, formatWithSeen, KuFlowApiError } from '../../kuflow/errors.ts';
import type { Facts, Finding } from '../check.ts';
import { fillAdvice } from '../advice.ts';
import { restCauses, type RestCauseCode } from '../explanations/rest.ts';

function restErrorFacts(error: KuFlowApiError): Facts {
  return {
    ...(error.tried === undefined ? {} : { tried: error.tried }),
    ...(error.seen === undefined ? {} : { seen: error.seen }),
    ...(error.httpStatus === undefined ? {} : { httpStatus: error.httpStatus }),
  };
}

const WRONG_ENDPOINT: readonly FailureKind[] = ['plain-http', 'speaks-tls', 'grpc-port'];

/**
 * The finding for a failed call of KuFlow's REST API. Rethrows any other error, which is a bug in the check. With `endpoint`, advice to change
 * the endpoint names its source.
 */
export function restFinding(error: unknown, endpoint?: Sourced<string>): Finding<never> {
  if (!(error instanceof KuFlowApiError)) throw error;
  const isResolverDown = error.kind === 'dns' && error.seen?.includes('EAI_AGAIN') === true;
  const code: RestCauseCode = isResolverDown ? 'rest-resolver-down' : `rest-${error.kind}`;
  const { verdict, advice } = restCauses[code];
  const text = formatWithSeen(error);
  const source = endpoint !== undefined && WRONG_ENDPOINT.includes(error.kind) ? ` (${endpoint.source})` : '';
  return {
    state: verdict,
    summary: text,
    facts: restErrorFacts(error),
    cause: { code, verdict, text },
    // The client's hints are those of the explanation, plus the time to wait if KuFlow gave one.
    advice: isResolverDown ? fillAdvice(advice) : error.next.map((hint) => ({ text: `${hint}${source}` })),
  };
}
