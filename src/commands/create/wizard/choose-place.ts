import { interruptedError } from '../../../base/errors.ts';
import type { Prompts } from '../../../terminal/prompts.ts';
import type { ProjectPlace, Placement } from '../placement.ts';

const OTHER_FOLDER = 'other-folder';
const END = 'end';

/** Asks where a project goes: one of the places, or another folder. Rejects with status 130 for neither. */
export async function choosePlace(
  ask: Pick<Prompts, 'choose'>,
  placement: Placement,
  places: readonly ProjectPlace[],
  { canChooseFolder }: { readonly canChooseFolder: boolean },
): Promise<ProjectPlace | 'other-folder'> {
  const answer = await ask.choose<string>({
    message:
      placement.kind === 'occupied'
        ? `The folder contains another project (${placement.manifest}). Where should the worker go?`
        : 'The folder is in a workspace. How should the project be created?',
    choices: [
      ...places.map(({ title, workspace }) => ({ value: valueOf(workspace), name: title })),
      ...(canChooseFolder ? [{ value: OTHER_FOLDER, name: 'Choose another folder' }] : []),
      { value: END, name: 'Quit without writing anything' },
    ],
  });
  if (answer === OTHER_FOLDER) return answer;
  const place = places.find(({ workspace }) => valueOf(workspace) === answer);
  if (place === undefined) throw interruptedError('Nothing was written');
  return place;
}

function valueOf(isMember: boolean): string {
  return isMember ? 'member' : 'separate';
}
