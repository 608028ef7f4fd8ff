import { stat } from 'node:fs/promises';
import { basename, dirname, relative } from 'node:path';
import type { Check, Fix } from '../check.ts';
import type { DoctorFound, DoctorInput, NamedFile } from '../doctor-input.ts';
import { explainedFinding } from '../explained.ts';

type DoctorCheck = Check<DoctorInput, DoctorFound>;

const secretFiles = ({ files }: DoctorInput): readonly NamedFile[] => files.filter(({ secret }) => secret);
const noSecrets = (input: DoctorInput): string | undefined =>
  secretFiles(input).length === 0 ? 'no file here holds a secret' : undefined;

/** As a person in that folder would name it. */
function shown(path: string, folder: string): string {
  const short = relative(folder, path);
  return short === '' || short.startsWith('..') ? path : short;
}

export const filePermissions: DoctorCheck = {
  id: 'KF-FILE-001',
  title: 'Permissions of files with secrets',
  plane: 'files',
  docs: 'kf-file-001',
  requires: [],
  offline: true,
  timeoutMs: 2_000,
  notApplicable: (input) => (process.platform === 'win32' ? 'Windows has other permissions' : noSecrets(input)),
  run: async ({ input }) => {
    const open: { readonly file: NamedFile; readonly mode: number }[] = [];
    for (const file of secretFiles(input)) {
      const mode = await modeOf(file.path);
      if (mode !== undefined && (mode & 0o077) !== 0) open.push({ file, mode });
    }
    const [first] = open;
    if (first === undefined)
      return { state: 'pass', summary: `only you may read ${listed(secretFiles(input), input.folder)}` };
    const texts = open.map(
      ({ file, mode }) => `${shown(file.path, input.folder)} (${file.what}, mode ${(mode & 0o777).toString(8)})`,
    );
    return explainedFinding({
      id: 'KF-FILE-001',
      code: 'file-readable-by-others',
      text: `Other users may read ${texts.join(', ')}`,
      facts: { files: texts },
      values: { file: shown(first.file.path, input.folder) },
      fixes: open.map(({ file }): Fix => ({ kind: 'chmod', path: file.path, mode: 0o600 })),
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
      secretFiles(input).map(async (file) => ({ file, verdict: await input.git(file.path) })),
    );
    const facts = Object.fromEntries(asked.map(({ file, verdict }) => [shown(file.path, input.folder), verdict]));
    const tracked = asked.filter(({ verdict }) => verdict === 'tracked').map(({ file }) => file);
    const visible = asked.filter(({ verdict }) => verdict === 'visible').map(({ file }) => file);
    const fixes = visible.map(({ path }): Fix => ({
      kind: 'gitignore',
      folder: dirname(path),
      line: `/${escaped(basename(path))}`,
    }));
    const [first = visible[0]] = tracked;
    if (first !== undefined) {
      const inGit = tracked.length > 0;
      return explainedFinding({
        id: 'KF-FILE-002',
        code: inGit ? 'file-tracked-by-git' : 'file-not-ignored',
        text: inGit
          ? `git tracks ${listed(tracked, input.folder)}, with a secret in it`
          : `git does not ignore ${listed(visible, input.folder)}, with a secret in it`,
        facts,
        values: { file: shown(first.path, input.folder), line: `/${escaped(basename(first.path))}` },
        fixes,
      });
    }
    if (asked.every(({ verdict }) => verdict === 'none'))
      return { state: 'skip', skipped: 'not-applicable', summary: 'no git repository, or no git', facts };
    const unknown = asked.filter(({ verdict }) => verdict === 'unknown').map(({ file }) => file);
    if (unknown.length > 0)
      return { state: 'unknown', summary: `git did not tell about ${listed(unknown, input.folder)}`, facts };
    return { state: 'pass', summary: 'ignored by git', facts };
  },
};

/** A file name as a line of `.gitignore` that means just it. */
const escaped = (name: string): string => name.replace(/[\\*?[\]]|\s$/g, '\\$&');

function listed(files: readonly NamedFile[], folder: string): string {
  return [...new Set(files.map(({ path }) => shown(path, folder)))].join(', ');
}
