import { stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative } from 'node:path';
import type { Check, Fix } from '../check.ts';
import type { DoctorFound, DoctorInput, NamedFile } from '../input.ts';
import { toFinding } from '../explain-finding.ts';

type DoctorCheck = Check<DoctorInput, DoctorFound>;

const secretFiles = ({ files }: DoctorInput): readonly NamedFile[] => files.filter(({ secret }) => secret);
const noSecrets = (input: DoctorInput): string | undefined =>
  secretFiles(input).length === 0 ? 'no file here holds a secret' : undefined;

/** As a person in that folder would name it: there it can be pasted. */
function shown(path: string, cwd: string): string {
  const short = relative(cwd, path);
  if (short === '') return '.';
  return short.startsWith('..') || isAbsolute(short) ? path : short;
}

export const filePermissions: DoctorCheck = {
  id: 'KF-FILE-001',
  title: 'Permissions of files with secrets',
  plane: 'files',
  docs: 'kf-file-001',
  requires: [],
  offline: true,
  timeoutMs: 2_000,
  notApplicable: (input) => (input.platform === 'win32' ? 'Windows has other permissions' : noSecrets(input)),
  run: async ({ input }) => {
    const open: { readonly file: NamedFile; readonly mode: number }[] = [];
    for (const file of secretFiles(input)) {
      const mode = await modeOf(file.path);
      if (mode !== undefined && (mode & 0o077) !== 0) open.push({ file, mode });
    }
    const [first] = open;
    if (first === undefined)
      return { state: 'pass', summary: `only you may read ${listed(secretFiles(input), input.cwd)}` };
    const texts = open.map(
      ({ file, mode }) => `${shown(file.path, input.cwd)} (${file.what}, mode ${(mode & 0o777).toString(8)})`,
    );
    return toFinding({
      id: 'KF-FILE-001',
      code: 'file-readable-by-others',
      text: `Other users may read ${texts.join(', ')}`,
      facts: { files: texts },
      values: { file: shown(first.file.path, input.cwd) },
      // Rights are only taken away: a file that its owner may not write stays so.
      fixes: open.map(({ file, mode }): Fix => ({ kind: 'chmod', path: file.path, mode: mode & 0o700 })),
    });
  },
};

async function modeOf(path: string): Promise<number | undefined> {
  try {
    const about = await stat(path);
    return about.isFile() ? about.mode : undefined;
  } catch {
    return undefined;
  }
}

export const filesInGit: DoctorCheck = {
  id: 'KF-FILE-002',
  title: 'Files with secrets and git',
  plane: 'files',
  docs: 'kf-file-002',
  requires: [],
  offline: true,
  timeoutMs: 8_000,
  notApplicable: noSecrets,
  run: async ({ input }) => {
    const asked = await Promise.all(
      secretFiles(input).map(async (file) => ({ file, state: await input.git(file.path) })),
    );
    const facts = Object.fromEntries(asked.map(({ file, state }) => [shown(file.path, input.cwd), state.kind]));
    const tracked = asked.filter(({ state }) => state.kind === 'tracked').map(({ file }) => file);
    const visible = asked.flatMap(({ file, state }) =>
      state.kind === 'visible' ? [{ ...file, line: state.line }] : [],
    );
    const fixes = visible.map(({ path, line }): Fix => ({ kind: 'gitignore', folder: dirname(path), line }));
    const [first] = tracked;
    if (first !== undefined) {
      return toFinding({
        ...{ id: 'KF-FILE-002', code: 'file-tracked-by-git', facts, fixes },
        text: `git tracks ${listed(tracked, input.cwd)}, with a secret in it`,
        values: { folder: shown(dirname(first.path), input.cwd), file: basename(first.path) },
      });
    }
    const [open] = visible;
    if (open !== undefined) {
      return toFinding({
        ...{ id: 'KF-FILE-002', code: 'file-not-ignored', facts, fixes },
        text: `git does not ignore ${listed(visible, input.cwd)}, with a secret in it`,
        values: { line: open.line, gitignore: shown(join(dirname(open.path), '.gitignore'), input.cwd) },
      });
    }
    if (asked.every(({ state }) => state.kind === 'none'))
      return { state: 'skip', skipped: 'not-applicable', summary: 'no git repository, or no git', facts };
    const unknown = asked.filter(({ state }) => state.kind === 'unknown').map(({ file }) => file);
    if (unknown.length > 0)
      return { state: 'unknown', summary: `git did not tell about ${listed(unknown, input.cwd)}`, facts };
    return { state: 'pass', summary: 'ignored by git', facts };
  },
};

function listed(files: readonly NamedFile[], cwd: string): string {
  return [...new Set(files.map(({ path }) => shown(path, cwd)))].join(', ');
}
