import { KuFlowApiError } from '../../kuflow/errors.ts';
import type { Facts, Finding } from '../check.ts';
import { interpolateSteps } from '../explain-finding.ts';
import { restCauses, type RestCauseCode } from '../explanations/rest.ts';

function factsOf(error: KuFlowApiError): Facts {
  return {
    ...(error.tried === undefined ? {} : { tried: error.tried }),
    ...(error.seen === undefined ? {} : { seen: error.seen }),
    ...(error.httpStatus === undefined ? {} : { httpStatus: error.httpStatus }),
  };
}

/** What a failed call of KuFlow's REST API says. Anything that is not the client's error is thrown on: it is a fault of the check. */
export function restFinding(error: unknown): Finding<never> {
  if (!(error instanceof KuFlowApiError)) throw error;
  const isResolverDown = error.kind === 'dns' && error.seen?.includes('EAI_AGAIN') === true;
  const code: RestCauseCode = isResolverDown ? 'rest-resolver-down' : `rest-${error.kind}`;
  const { verdict, steps } = restCauses[code];
  const text = error.seen === undefined ? error.message : `${error.message} (${error.seen})`;
  return {
    state: verdict,
    summary: text,
    facts: factsOf(error),
    cause: { code, verdict, text },
    // The client's own words, which are those of the explanation, and name how long to wait where KuFlow said so.
    advice: isResolverDown ? interpolateSteps(steps) : error.next.map((advice) => ({ text: advice })),
  };
}
