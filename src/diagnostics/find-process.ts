import { KnownError } from '../base/errors.ts';
import { resolveId } from '../kuflow/find-id.ts';
import { KuFlowApiError } from '../kuflow/errors.ts';
import { listingFinding } from './causes/rest.ts';
import { skippedAs, type CheckContext, type Finding } from './check.ts';
import type { DoctorInput } from './input.ts';

/** The ID of the process that `--process` names, or a finding that says why it is not known. */
export async function findProcess(
  text: string,
  { input, signal }: CheckContext<DoctorInput>,
): Promise<string | Finding> {
  try {
    const listIds = (): Promise<readonly string[]> => input.rest.recentProcesses(signal);
    return await resolveId(text, { what: 'process', listIds, hint: '' });
  } catch (error) {
    if (error instanceof KuFlowApiError || !(error instanceof KnownError)) return listingFinding(error, 'processes');
    return skippedAs('not-applicable', error.message);
  }
}
