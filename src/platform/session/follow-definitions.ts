import { createHash } from 'node:crypto';
import { dirname, resolve } from 'node:path';
import { countOf } from '../../base/count-of.ts';
import { codeOf, KnownError, messageOf } from '../../base/errors.ts';
import { MIB, readSmallFile } from '../../files/read.ts';
import { watchFiles } from '../../files/watch.ts';
import { InvalidFileError, LARGEST_DATA_FILE_MIB } from '../../process/data-file.ts';
import { describeDefinitionChanges } from '../../process/definition/describe-changes.ts';
import {
  DEFINITION_FILE,
  definitionFolders,
  isDefinitionEntry,
  listDefinitionFiles,
  loadDefinition,
} from '../../process/definition/file.ts';
import type { ProcessDefinition } from '../../process/definition.ts';
import type { DefinitionProblem } from '../shared/dev-contract.ts';
import type { RunningPlatform } from '../start.ts';

export interface FollowRequest {
  /** Absolute. */
  readonly cwd: string;
  /** Relative to `cwd`. Without files, those of the folder. */
  readonly definitionFiles?: readonly string[] | undefined;
  /** What the platform serves, by file; empty if it serves something else. */
  readonly served: ReadonlyMap<string, ProcessDefinition>;
  readonly platform: Pick<RunningPlatform, 'definitions' | 'setDefinitions'>;
  /** Called after each change of what the platform serves. */
  readonly onServed: () => Promise<void>;
  /** Called after a change when no file has an error, with the definitions of the last call. */
  readonly onChanged: (before: readonly ProcessDefinition[], now: readonly ProcessDefinition[]) => Promise<void>;
  readonly onError: (error: unknown) => void;
  readonly settleMs?: number;
  readonly checkMs?: number;
}

/** A definition file, as it was read last. */
interface FollowedFile {
  readonly key: string;
  /** The content; undefined if it has an error. */
  readonly definition: ProcessDefinition | undefined;
  readonly problem: DefinitionProblem | undefined;
}

interface ServedFiles {
  /** By file: the last content without an error. */
  readonly good: ReadonlyMap<string, ProcessDefinition>;
  readonly problems: readonly DefinitionProblem[];
}

/**
 * Serves what is saved to the definition files while the platform runs. A file with an error keeps its last good content, and so does a deleted
 * file, except for a file in `processes/`, whose process is then not served any more.
 */
export function followDefinitions(request: FollowRequest): { close(): Promise<void> } {
  const { cwd, platform } = request;
  const given = request.definitionFiles ?? [];
  const listFiles = async (): Promise<readonly string[]> => (given.length > 0 ? given : listDefinitionFiles(cwd));
  let served: ServedFiles = { good: request.served, problems: [] };
  // The files may have changed since they were loaded: they are read again first.
  let files: ReadonlyMap<string, FollowedFile> = new Map(
    [...request.served].map(([file, definition]) => [file, { key: '', definition, problem: undefined }]),
  );
  let handled = platform.definitions;

  const serve = (next: ReadonlyMap<string, FollowedFile>): void => {
    const chosen = chooseDefinitions(next, served);
    const { good, problems } = chosen;
    platform.setDefinitions(good.size > 0 ? [...good.values()] : platform.definitions, problems);
    [files, served] = [next, chosen];
  };

  const follow = async (): Promise<void> => {
    const next = await readFiles(cwd, await listFiles(), files, given.length > 0);
    const isUnchanged = (file: string): boolean => files.get(file) === next.get(file);
    if (next.size === files.size && [...next.keys()].every(isUnchanged)) return;
    const before = platform.definitions;
    try {
      serve(next);
    } catch (error) {
      if (!(error instanceof KnownError)) throw error;
      // What is valid in a file but can't be served, such as a schema that can't be compiled.
      const { message } = error;
      const reject = (file: string, { key }: FollowedFile): FollowedFile => ({
        ...{ key, definition: undefined },
        problem: { file, message },
      });
      serve(new Map([...next].map(([file, read]) => [file, isUnchanged(file) ? read : reject(file, read)])));
    }
    const now = platform.definitions;
    if (isChanged(before, now)) await request.onServed();
    if (served.problems.length > 0 || !isChanged(handled, now)) return;
    const last = handled;
    handled = now;
    await request.onChanged(last, now);
  };

  return watchFiles({
    folders: given.length > 0 ? given.map((file) => dirname(resolve(cwd, file))) : definitionFolders(cwd),
    isRelevant: (name) => given.length > 0 || isDefinitionEntry(name),
    listFiles: async () => (await listFiles()).map((file) => resolve(cwd, file)),
    onChange: follow,
    onError: request.onError,
    ...(request.settleMs === undefined ? {} : { settleMs: request.settleMs }),
    ...(request.checkMs === undefined ? {} : { checkMs: request.checkMs }),
  });
}

function isChanged(before: readonly ProcessDefinition[], now: readonly ProcessDefinition[]): boolean {
  return describeDefinitionChanges(before, now).length > 0;
}

/** Reads the files whose content changed. */
async function readFiles(
  cwd: string,
  paths: readonly string[],
  before: ReadonlyMap<string, FollowedFile>,
  areGiven: boolean,
): Promise<ReadonlyMap<string, FollowedFile>> {
  const isKept = (file: string): boolean => areGiven || file === DEFINITION_FILE;
  const kept = [...before.keys()].filter((file) => !paths.includes(file) && (isKept(file) || paths.length === 0));
  const read = [...kept, ...paths].map(async (file): Promise<readonly [string, FollowedFile]> => {
    const key = await contentKey(resolve(cwd, file));
    const known = before.get(file);
    return [file, known?.key === key ? known : await readFile(cwd, file, key)];
  });
  return new Map(await Promise.all(read));
}

/** Equal for equal contents, and for equal errors. */
async function contentKey(path: string): Promise<string> {
  try {
    const { bytes, ...rest } = await readSmallFile(path, LARGEST_DATA_FILE_MIB * MIB);
    return bytes === undefined ? JSON.stringify(rest) : createHash('sha256').update(bytes).digest('hex');
  } catch (error) {
    return codeOf(error) ?? messageOf(error);
  }
}

async function readFile(cwd: string, file: string, key: string): Promise<FollowedFile> {
  const failed = (message: string, line?: number): FollowedFile => ({
    key,
    definition: undefined,
    problem: { file: line === undefined ? file : `${file}:${line}`, message },
  });
  if (key === 'ENOENT') return failed('the file was deleted');
  try {
    return { key, definition: await loadDefinition(resolve(cwd, file)), problem: undefined };
  } catch (error) {
    if (!(error instanceof InvalidFileError)) return failed(messageOf(error));
    const [first, ...others] = error.problems;
    const more = others.length === 0 ? '' : ` (and ${countOf(others.length, 'more error')})`;
    return failed(`${first?.reason ?? error.message}${more}`, first?.line);
  }
}

/** The content of each file, or its last good one. Two files cannot define the same process: the later one has an error. */
function chooseDefinitions(files: ReadonlyMap<string, FollowedFile>, before: ServedFiles): ServedFiles {
  const good = new Map<string, ProcessDefinition>();
  const owners = new Map<string, string>();
  const problems: DefinitionProblem[] = [];
  const add = (file: string, definition: ProcessDefinition | undefined): boolean => {
    if (definition === undefined || owners.has(definition.process.code)) return false;
    owners.set(definition.process.code, file);
    good.set(file, definition);
    return true;
  };
  for (const [file, { definition, problem }] of files) {
    if (add(file, definition)) continue;
    const code = definition?.process.code ?? '';
    const found = problem ?? { file, message: `the process ${code} is already defined in ${owners.get(code) ?? ''}` };
    // The same object, so that it is not reported again.
    const known = before.problems.find((one) => one.file === found.file && one.message === found.message);
    problems.push(problem ?? known ?? found);
    add(file, before.good.get(file));
  }
  return { good, problems };
}
