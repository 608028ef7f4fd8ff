import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { codeOf } from '../base/errors.ts';
import { escapeForTerminal } from '../base/escape.ts';
import { isRecord } from '../base/json.ts';
import { cacheFolder } from '../base/user-folders.ts';
import { findProject, RECORD_FILE } from '../process/find-project.ts';
import type { Terminal } from '../terminal/terminal.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
/** Larger records are not read, which would take time. */
const MAX_RECORD_BYTES = 1024 * 1024;
/** `update` reports the version itself, and programs read the output of the others. */
const SILENT_COMMANDS = ['update', 'completion', '__complete'];

export interface NoticeRequest {
  readonly terminal: Terminal;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly argv: readonly string[];
  /** Version of this tool. */
  readonly version: string;
  /** How the user calls this program. */
  readonly invocation: string;
}

/**
 * Prints a line to stderr if an older version generated the project that contains `cwd`: on a terminal, once a day for each project, and not
 * if CI or NO_UPDATE_NOTIFIER is set. Sends no request. Throws nothing: a notice must never affect a command.
 */
export async function printUpdateNotice(request: NoticeRequest): Promise<void> {
  const { terminal, env, cwd, argv, version, invocation } = request;
  const isOff = ['CI', 'NO_UPDATE_NOTIFIER'].some((name) => (env[name] ?? '') !== '');
  const called = argv.find((argument) => !argument.startsWith('-')) ?? '';
  const isSilent = argv.includes('--json') || SILENT_COMMANDS.includes(called);
  if (!terminal.err.isTTY || isOff || isSilent) return;
  try {
    const folder = findProject(cwd);
    const generatedBy = folder === undefined ? undefined : readVersion(join(folder, RECORD_FILE));
    if (folder === undefined || generatedBy === undefined || generatedBy === version) return;
    // Imported on demand: comparing versions needs a package.
    const { isOlder } = await import('../text/version.ts');
    if (!isOlder(generatedBy, version) || !recordNotice(folder, env)) return;
    terminal.err.line(
      `\nVersion ${escapeForTerminal(generatedBy, 40)} generated this project, and this is version ${version}. To update it: ${invocation} update`,
    );
  } catch (error) {
    if (codeOf(error) === undefined && !(error instanceof SyntaxError)) throw error;
  }
}

function readVersion(path: string): string | undefined {
  if (statSync(path).size > MAX_RECORD_BYTES) return undefined;
  const record: unknown = JSON.parse(readFileSync(path, 'utf8'));
  const template = isRecord(record) ? record['template'] : undefined;
  const version = isRecord(template) ? template['version'] : undefined;
  return typeof version === 'string' && /^\d/.test(version) ? version : undefined;
}

/** Remembers that the notice is printed now. False if it was printed today, or if that cannot be remembered. */
function recordNotice(folder: string, env: NodeJS.ProcessEnv): boolean {
  const name = createHash('sha256').update(folder).digest('hex').slice(0, 16);
  const path = join(cacheFolder(env), 'update-notices', name);
  const last = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const now = Date.now();
  // A time in the future is that of a wrong clock.
  if (last <= now && now - last < DAY_MS) return false;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, '');
  return true;
}
