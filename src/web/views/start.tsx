import { useState } from 'preact/hooks';
import type { JsonObject } from '../../base/json.ts';
import type { Process } from '../../kuflow/contract/processes.ts';
import type { ServedProcess } from '../../platform/shared/dev-contract.ts';
import { servedProcess, useApp } from '../app-data.ts';
import { callApi, randomId } from '../api.ts';
import type { FormProblem } from '../form/state.ts';
import { useData } from '../live/use-data.ts';
import { Link, navigateTo, ViewHeading } from '../navigation.tsx';
import { onSubmit, useAction } from '../parts/action.ts';
import { useEditedData } from '../parts/edited-data.ts';
import {
  EditedForm,
  EXAMPLE_DATA_FAILED,
  MissingNotice,
  RestoredNotice,
  useExampleData,
  useFormServices,
  useShapeChanged,
} from '../parts/form-parts.tsx';
import { CommandList, EmptyState, FailureNotice, ReadFailure, Notice } from '../parts/notices.tsx';
import { ProblemList } from '../parts/problem-list.tsx';
import type { ViewProps } from '../route.ts';
import { commandWithData } from '../text/commands.ts';

export function StartProcessView({ route: { code, like } }: ViewProps<'start'>) {
  const app = useApp();
  const original = useData(`original ${like ?? ''}`, async (signal) =>
    like === undefined
      ? undefined
      : await callApi<Process>('GET', `/processes/${encodeURIComponent(like)}`, { signal }),
  );
  const definition = servedProcess(app, code);
  const definitions = app.definitions.data?.definitions;
  if (definition === undefined)
    return (
      <>
        <ViewHeading title="Start a process" />
        <ReadFailure failure={app.definitions.failure} title="The definitions could not be read" />
        {definitions === undefined ? null : (
          <>
            {code === undefined ? null : <Notice tone="error" title={`The process definition ${code} is not served`} />}
            {definitions.length === 0 ? (
              <EmptyState command="npx create-kuflow-worker">No process definitions are served.</EmptyState>
            ) : (
              <ul class="rows">
                {definitions.map((each) => (
                  <li key={each.code}>
                    <Link class="main" to={{ view: 'start', code: each.code }}>
                      {each.name ?? each.code}
                    </Link>
                  </li>
                ))}
              </ul>
            )}
          </>
        )}
      </>
    );
  const isReading = like !== undefined && original.data === undefined && original.failure === undefined;
  return (
    <>
      <ViewHeading title={`Start ${definition.name ?? definition.code}`} />
      <ReadFailure failure={original.failure} title="The process to start from could not be read" />
      {isReading ? null : (
        <StartForm
          definition={definition}
          draftName={`start ${definition.code} ${like ?? ''}`}
          initial={(original.data?.metadata?.value ?? {}) as JsonObject}
        />
      )}
    </>
  );
}

interface StartFormProps {
  readonly definition: ServedProcess;
  readonly draftName: string;
  readonly initial: JsonObject;
}

function StartForm({ definition, draftName, initial }: StartFormProps) {
  const app = useApp();
  const edited = useEditedData(draftName, initial);
  const services = useFormServices();
  const action = useAction();
  const [refused, setRefused] = useState<readonly FormProblem[]>();
  const { missing, fill } = useExampleData(edited, action);
  // Sent again after a lost answer, it starts one process only.
  const [id] = useState(randomId);
  const { code, metadata } = definition;
  const hasNewShape = useShapeChanged(metadata, edited.hasChanges);

  const start = (allowInvalid: boolean): void => {
    const problems = metadata === undefined ? [] : edited.problems();
    if (!allowInvalid && problems.length > 0) {
      setRefused(problems);
      return;
    }
    setRefused(undefined);
    action.run('start', async () => {
      const value = edited.current();
      const tenantId = app.status.data?.tenantId;
      const process = await callApi<Process>('POST', '/processes', {
        body: {
          id,
          tenantId,
          processDefinitionCode: code,
          ...(metadata === undefined ? {} : { metadata: { value } }),
        },
      });
      edited.markSaved(value);
      navigateTo({ view: 'process', id: process.id });
    });
  };
  return (
    <form noValidate onSubmit={onSubmit(() => start(false))}>
      <RestoredNotice edited={edited} stored={initial} text="What you typed before is back." />
      {hasNewShape ? (
        <Notice tone="info" title="The process definition has changed">
          <p>The form shows its new metadata. What you typed is kept.</p>
        </Notice>
      ) : null}
      {metadata === undefined ? (
        <p class="muted">Processes of this definition have no metadata.</p>
      ) : (
        <EditedForm edited={edited} shape={metadata} services={services} showAllProblems={refused !== undefined} />
      )}
      <MissingNotice missing={missing} />
      <ProblemList title="The process was not started" problems={refused}>
        <button type="button" onClick={() => start(true)} disabled={action.busy !== undefined}>
          Start with invalid metadata
        </button>
      </ProblemList>
      <FailureNotice
        failure={action.failure}
        title={action.failed === 'fill' ? EXAMPLE_DATA_FAILED : 'The process could not be started'}
      />
      <p class="actions">
        <button type="submit" class="primary" disabled={action.busy !== undefined}>
          Start process
        </button>
        {metadata === undefined ? null : (
          <button type="button" onClick={() => fill(code, {})} disabled={action.busy !== undefined}>
            Fill with example data
          </button>
        )}
        <span role="status" class="muted">
          {action.done}
        </span>
      </p>
      <CommandList
        commands={[
          [
            'Start this process',
            commandWithData(['process', 'start', code], '--metadata', edited.current(), app.commandOptions),
          ],
        ]}
      />
    </form>
  );
}
