import { formatWithSeen, KuFlowApiError } from '../../kuflow/errors.ts';
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

/** The finding for a failed call of KuFlow's REST API. Rethrows any other error, which is a bug in the check. */
export function restFinding(error: unknown): Finding<never> {
  if (!(error instanceof KuFlowApiError)) throw error;
  const isResolverDown = error.kind === 'dns' && error.seen?.includes('EAI_AGAIN') === true;
  const code: RestCauseCode = isResolverDown ? 'rest-resolver-down' : `rest-${error.kind}`;
  const { verdict, advice } = restCauses[code];
  const text = formatWithSeen(error);
  return {
    state: verdict,
    summary: text,
    facts: restErrorFacts(error),
    cause: { code, verdict, text },
    // The client's hints are those of the explanation, plus the time to wait if KuFlow gave one.
    advice: isResolverDown ? fillAdvice(advice) : error.next.map((hint) => ({ text: hint })),
  };
}
