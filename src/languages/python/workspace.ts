import { isRecord } from '../../base/json.ts';
import { splitTextFile } from '../../files/text-file.ts';
import { appendToTomlArray, parseTomlTable } from '../../files/toml-edit.ts';
import { excludedMemberError, matchesPatterns, textsInList, type RootFolder, type Workspace } from '../workspace.ts';
import { PYPROJECT } from './pyproject.ts';

const LIST = ['tool', 'uv', 'workspace', 'members'];

/** Reads the uv workspace in a folder. pip does not have workspaces. */
export function readUvWorkspace({ readText }: RootFolder): Workspace | undefined {
  const whole = readText(PYPROJECT);
  if (whole === undefined) return undefined;
  const { mark, text, lineEnd } = splitTextFile(whole);
  const workspace = LIST.slice(0, -1).reduce<unknown>(
    (at, key) => (isRecord(at) ? at[key] : undefined),
    parseTomlTable(text, PYPROJECT),
  );
  const listed = isRecord(workspace) ? textsInList(workspace['members']) : undefined;
  const excluded = isRecord(workspace) ? (textsInList(workspace['exclude']) ?? []) : [];
  const includes = (path: string): boolean => matchesPatterns(listed ?? [], path) && !matchesPatterns(excluded, path);
  return {
    file: PYPROJECT,
    members: isRecord(workspace) ? (listed ?? []) : undefined,
    packageManager: 'uv',
    includes,
    join: (path) => {
      if (includes(path)) return [];
      if (matchesPatterns(excluded, path)) throw excludedMemberError(PYPROJECT, path);
      const after = mark + appendToTomlArray(text, LIST, path, { name: PYPROJECT, lineEnd });
      return [{ path: PYPROJECT, before: whole, after }];
    },
  };
}
