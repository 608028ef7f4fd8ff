import { KuFlowApiError } from '../kuflow/errors.ts';
import type { Facts, Finding } from './check.ts';

/** Kinds that say nothing about this set-up: KuFlow is busy or did not answer. */
const COULD_NOT_TELL: readonly KuFlowApiError['kind'][] = ['timeout', 'server', 'rate-limited'];

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
  const nameServerDown = error.seen?.includes('EAI_AGAIN') === true;
  const verdict = nameServerDown || COULD_NOT_TELL.includes(error.kind) ? 'unknown' : 'fail';
  const text = error.seen === undefined ? error.message : `${error.message} (${error.seen})`;
  return {
    state: verdict,
    summary: text,
    facts: factsOf(error),
    cause: { code: `rest-${error.kind}`, verdict, text },
    advice: error.next.map((advice) => ({ text: advice })),
  };
}
