import { readdir } from 'node:fs/promises';
import { basename, join, posix } from 'node:path';
import { codeOf, KnownError, messageOf } from '../../base/errors.ts';
import { escapeForTerminal } from '../../base/escape.ts';
import { sortByPath } from '../../base/sort-by-path.ts';
import { MIB, readSmallFile } from '../../files/read.ts';
import { NotZipError, readZip } from '../../files/zip.ts';

export type SampleLanguage = 'java' | 'typescript' | 'python';

export interface SampleFile {
  /** Relative to the folder of the sample. */
  readonly path: string;
  readonly text: string;
}

const MAX_ARCHIVE_MIB = 64;
const MAX_ENTRIES = 20_000;
const MAX_DEPTH = 20;
const LIMITS = { entries: MAX_ENTRIES, fileBytes: MIB / 2, totalBytes: 512 * MIB };

/** Folders with build output or installed packages, and what macOS adds to an archive. */
const IGNORED = new Set([
  'node_modules',
  'target',
  'build',
  'dist',
  'site-packages',
  '.git',
  '.venv',
  'venv',
  '__MACOSX',
]);

const WORKFLOW_FILES: Readonly<Record<SampleLanguage, RegExp>> = {
  java: /^src\/main\/java\/(?:.*\/)?[^/]{0,200}Workflow(?:Impl)?\.java$/,
  typescript: /^src\/workflows?\.ts$/,
  python: /^(?:[^/]+\/)?workflow\.py$/,
};

/** In Java, the first one imports the second one. application-local.yaml is not read: it is for secrets. */
const SETTINGS_FILES: Readonly<Record<SampleLanguage, readonly RegExp[]>> = {
  java: [
    /^src\/main\/resources\/(?:config\/)?application-fillme\.ya?ml$/,
    /^src\/main\/resources\/(?:config\/)?application\.ya?ml$/,
  ],
  typescript: [/^application\.ya?ml$/],
  python: [/^(?:[^/]+\/)?application\.ya?ml$/],
};

/**
 * Reads the files of a worker sample that matter, from a zip archive or the folder that it was unpacked to; the sample may be in a folder of
 * it. Rejects with a KnownError for an archive that is damaged or unsafe, and for one that does not have exactly one sample.
 */
export async function readSampleFiles(path: string) {
  const name = escapeForTerminal(path, 300);
  let files: ReadonlyMap<string, Buffer>;
  try {
    files = await readKnownFiles(path);
  } catch (error) {
    const isMissing = codeOf(error) === 'ENOENT';
    const isNotZip = error instanceof NotZipError;
    throw new KnownError({
      message: isMissing
        ? `The worker sample does not exist: ${name}`
        : `The worker sample ${name} ${isNotZip ? error.message : 'cannot be read'}`,
      ...(isMissing || isNotZip ? {} : { tried: `read ${name}`, seen: escapeForTerminal(messageOf(error)) }),
      next: isMissing
        ? ['Check the path']
        : [
            'Download it again from the process definition in the KuFlow app',
            'Or unpack it, check what is in it, and pass the folder',
          ],
      cause: error,
    });
  }
  const roots = findRoots([...files.keys()]);
  const [found] = roots;
  if (found === undefined)
    throw new KnownError({
      message: `${name} does not contain a worker sample from the KuFlow app`,
      tried: `read ${name}`,
      seen: 'no src/workflows.ts, src/main/java/**/*Workflow.java or workflow.py',
      next: [
        'Pass the archive that you downloaded from a process definition in the KuFlow app, or its unpacked folder',
      ],
    });
  if (roots.length > 1)
    throw new KnownError({
      message: `${name} contains several workers`,
      tried: `read ${name}`,
      seen: roots.map(({ root }) => escapeForTerminal(posix.join(root, '.'), 200)).join(', '),
      next: ['Unpack it, and pass the folder of one of them'],
    });
  const { root, language } = found;
  const read = (pattern: RegExp): readonly SampleFile[] =>
    sortByPath(
      [...files]
        .filter(([file]) => file.startsWith(root) && pattern.test(file.slice(root.length)))
        .map(([file, bytes]) => ({ path: file.slice(root.length), text: decode(bytes, file) })),
    );
  return {
    language,
    /** The source files of the workflow. */
    workflow: read(WORKFLOW_FILES[language]),
    /** The application files that contain placeholders instead of secrets when the sample is downloaded. Values of the first ones win. */
    settings: SETTINGS_FILES[language].flatMap(read),
  };
}

function decode(bytes: Buffer, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new KnownError({ message: `${escapeForTerminal(path, 300)} in the worker sample is not UTF-8 text`, cause });
  }
}

function isKnownFile(path: string): boolean {
  if (path.length > 1000 || path.split('/').some((part) => IGNORED.has(part))) return false;
  return /(?:Workflow(?:Impl)?\.java|\/?workflows?\.ts|workflow\.py|application(?:-fillme)?\.ya?ml)$/.test(
    basename(path),
  );
}

/** The folders, with a slash at the end, that contain the workflow of a sample. */
function findRoots(paths: readonly string[]): readonly { readonly root: string; readonly language: SampleLanguage }[] {
  const roots = new Map<string, SampleLanguage>();
  for (const path of paths) {
    const parts = path.split('/');
    const name = parts.at(-1) ?? '';
    const language = name.endsWith('.java') ? 'java' : name.endsWith('.ts') ? 'typescript' : 'python';
    // The package of a Python sample is a folder of it.
    const depths =
      language === 'python'
        ? [Math.max(parts.length - 2, 0)]
        : parts.flatMap((part, index) => (part === 'src' ? [index] : []));
    const depth = depths.find((at) => WORKFLOW_FILES[language].test(parts.slice(at).join('/')));
    if (depth !== undefined)
      roots.set(
        parts
          .slice(0, depth)
          .map((part) => `${part}/`)
          .join(''),
        language,
      );
  }
  return [...roots].map(([root, language]) => ({ root, language }));
}

async function readKnownFiles(path: string): Promise<ReadonlyMap<string, Buffer>> {
  const archive = await readSmallFile(path, MAX_ARCHIVE_MIB * MIB);
  if (archive.bytes !== undefined) return readZip(archive.bytes, isKnownFile, LIMITS);
  switch (archive.refused) {
    case 'folder':
      return readFolder(path);
    case 'special':
      throw new Error('it is not a file or folder');
    case 'too-large':
      throw new Error(`it is larger than ${MAX_ARCHIVE_MIB} MiB`);
  }
}

/** Does not follow links. */
async function readFolder(folder: string): Promise<ReadonlyMap<string, Buffer>> {
  const files = new Map<string, Buffer>();
  let entries = 0;
  const readBelow = async (at: string, depth: number): Promise<void> => {
    for (const entry of await readdir(join(folder, at), { withFileTypes: true })) {
      if (++entries > MAX_ENTRIES) throw new Error(`it has more than ${MAX_ENTRIES} files`);
      const path = at === '' ? entry.name : `${at}/${entry.name}`;
      if (entry.isDirectory() && depth < MAX_DEPTH && !IGNORED.has(entry.name)) await readBelow(path, depth + 1);
      if (!entry.isFile() || !isKnownFile(path)) continue;
      const file = await readSmallFile(join(folder, path), LIMITS.fileBytes);
      if (file.bytes === undefined) throw new Error(`${path} has more than ${LIMITS.fileBytes} bytes`);
      files.set(path, file.bytes);
    }
  };
  await readBelow('', 0);
  return files;
}
