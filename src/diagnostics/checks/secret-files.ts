import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { shortPath } from '../../files/relative-path.ts';
import { passed, skippedAs, skippedBecauseOf, type Fix, type DoctorCheck } from '../check.ts';
import type { DoctorInput, NamedFile } from '../input.ts';
import { toFinding } from '../explain-finding.ts';
import { hasUnreadFile } from './settings-files.ts';

const secretFiles = ({ files }: DoctorInput): readonly NamedFile[] => files.filter(({ secret }) => secret);
const noSecretFiles = (input: DoctorInput): string | undefined =>
  secretFiles(input).length === 0 && !hasUnreadFile(input) ? 'no file here contains a secret' : undefined;

export const filePermissionsCheck: DoctorCheck = {
  id: 'KF-FILE-001',
  title: 'Secret file permissions',
  plane: 'files',
  offline: true,
  timeoutMs: 2_000,
  notApplicable: (input) =>
    input.platform === 'win32' ? 'Windows uses a different permission model' : noSecretFiles(input),
  run: async ({ input }) => {
    if (secretFiles(input).length === 0) return skippedBecauseOf('KF-SET-003');
    const open: { readonly file: NamedFile; readonly mode: number }[] = [];
    for (const file of secretFiles(input)) {
      const mode = await modeOf(file.path);
      if (mode !== undefined && (mode & 0o077) !== 0) open.push({ file, mode });
    }
    const [first] = open;
    if (first === undefined) return passed(`only you can read ${pathsOf(secretFiles(input), input.cwd).join(', ')}`);
    const texts = open.map(
      ({ file, mode }) =>
        `${shortPath(file.path, input.cwd)} (${file.description}, mode ${(mode & 0o777).toString(8)})`,
    );
    return toFinding('KF-FILE-001', 'file-readable-by-others', `Other users can read ${texts.join(', ')}`, {
      facts: { files: texts },
      values: { file: shortPath(first.file.path, input.cwd) },
      // Only removes permissions: a file that is read-only for its owner stays read-only.
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

export const gitCheck: DoctorCheck = {
  id: 'KF-FILE-002',
  title: 'Secret files in git',
  plane: 'files',
  offline: true,
  timeoutMs: 8_000,
  notApplicable: noSecretFiles,
  run: async ({ input }) => {
    if (secretFiles(input).length === 0) return skippedBecauseOf('KF-SET-003');
    const states = await Promise.all(
      secretFiles(input).map(async (file) => ({ file, state: await input.git(file.path) })),
    );
    const facts = Object.fromEntries(states.map(({ file, state }) => [shortPath(file.path, input.cwd), state.kind]));
    const tracked = states.filter(({ state }) => state.kind === 'tracked').map(({ file }) => file);
    const visible = states.flatMap(({ file, state }) =>
      state.kind === 'visible' ? [{ ...file, line: state.line }] : [],
    );
    const fixes = visible.map(({ path, line }): Fix => ({ kind: 'gitignore', folder: dirname(path), line }));
    const [first] = tracked;
    if (first !== undefined) {
      const text = `Git tracks ${describeSecretFiles(tracked, input.cwd)}`;
      return toFinding('KF-FILE-002', 'file-tracked-by-git', text, {
        facts,
        fixes,
        values: { folder: shortPath(dirname(first.path), input.cwd), file: basename(first.path) },
      });
    }
    const [open] = visible;
    if (open !== undefined) {
      const text = `Git does not ignore ${describeSecretFiles(visible, input.cwd)}`;
      return toFinding('KF-FILE-002', 'file-not-ignored', text, {
        facts,
        fixes,
        values: { line: open.line, gitignore: shortPath(join(dirname(open.path), '.gitignore'), input.cwd) },
      });
    }
    if (states.every(({ state }) => state.kind === 'none'))
      return skippedAs('not-applicable', 'not in a git repository, or git is not installed', facts);
    const unknown = states.filter(({ state }) => state.kind === 'unknown').map(({ file }) => file);
    if (unknown.length > 0)
      return {
        state: 'unknown',
        summary: `git did not report the state of ${pathsOf(unknown, input.cwd).join(', ')}`,
        facts,
      };
    return passed('git ignores every file that contains a secret', facts);
  },
};

function pathsOf(files: readonly NamedFile[], cwd: string): readonly string[] {
  return [...new Set(files.map(({ path }) => shortPath(path, cwd)))];
}

function describeSecretFiles(files: readonly NamedFile[], cwd: string): string {
  const paths = pathsOf(files, cwd);
  return `${paths.join(', ')}, which ${paths.length === 1 ? 'contains a secret' : 'contain secrets'}`;
}
