import type { Sourced } from '../../connection/inspect.ts';
import { formatWithSeen, KuFlowApiError } from '../../kuflow/errors.ts';
import type { Facts, Finding } from '../check.ts';
import { fillAdvice } from '../advice.ts';
import { isWrongEndpoint, restCauses, type RestCauseCode } from '../explanations/rest.ts';

function restErrorFacts(error: KuFlowApiError): Facts {
  return {
    ...(error.tried === undefined ? {} : { tried: error.tried }),
    ...(error.seen === undefined ? {} : { seen: error.seen }),
    ...(error.httpStatus === undefined ? {} : { httpStatus: error.httpStatus }),
  };
}

/**
 * The finding for a failed call of KuFlow's REST API. Rethrows any other error, which is a bug in the check. With `endpoint`, advice to change
 * the endpoint also says where it is set.
 */
export function restFinding(error: unknown, endpoint?: Sourced<string>): Finding<never> {
  if (!(error instanceof KuFlowApiError)) throw error;
  const isResolverDown = error.kind === 'dns' && error.seen?.includes('EAI_AGAIN') === true;
  const code: RestCauseCode = isResolverDown ? 'rest-resolver-down' : `rest-${error.kind}`;
  const { verdict, advice } = restCauses[code];
  const text = formatWithSeen(error);
  const source = endpoint !== undefined && isWrongEndpoint(code) ? [`The endpoint is set in ${endpoint.source}`] : [];
  return {
    state: verdict,
    summary: text,
    facts: restErrorFacts(error),
    cause: { code, verdict, text },
    // The client's hints are those of the explanation, plus the time to wait if KuFlow gave one.
    advice: isResolverDown ? fillAdvice(advice) : [...error.next, ...source].map((hint) => ({ text: hint })),
  };
}
