import { isAbsolute, relative, resolve, sep } from 'node:path';
import { usageError } from '../../base/errors.ts';
import { escapeForTerminal, hasControlCharacters } from '../../base/escape.ts';
import { percentDecode } from '../../base/percent-decode.ts';
import { expandHome, pathSyntaxProblem } from '../../base/user-folders.ts';
import type { TemplateOrigin } from '../../languages/project-spec.ts';
import { isLoopbackHost } from '../../network/address.ts';
import type { Environment } from '../../settings/environment.ts';

/** Where a user's own template is read from. `shown`: as the user wrote it, without credentials; it has the same meaning for `parseTemplateSource`. */
export type TemplateSource =
  | {
      readonly kind: 'folder';
      readonly shown: string;
      /** Absolute. */
      readonly path: string;
    }
  | {
      readonly kind: 'git';
      readonly shown: string;
      /** For git. May contain credentials. */
      readonly url: string;
      /** The same without credentials. */
      readonly publicUrl: string;
      readonly secrets: readonly string[];
      readonly ref: string | undefined;
    };

const SCHEMES: readonly string[] = ['https:', 'http:', 'ssh:', 'file:'];
const GITHUB = /^github:([\w.-]+)\/([\w.-]+)$/;
/** `user@host:path` */
const SCP = /^([\w.][\w.-]*)@([A-Za-z0-9][\w.-]*):(?!\/\/)(.+)$/;
/** The next step after an error about the option. */
export const PASS_TEMPLATE = 'Pass a folder or the URL of a git repository: --template <folder|url[#ref]>';

/**
 * Parses the value of --template: the path of a folder, or a git URL (`https:`, `ssh:`, `file:`, `user@host:path` or `github:owner/repo`), which
 * can end with `#` and a branch, a tag or a commit. Throws a usage error.
 */
export function parseTemplateSource(
  text: string,
  { cwd, env }: { readonly cwd: string; readonly env: Environment },
): TemplateSource {
  if (text.trim() === '') throw usageError('--template is empty', [PASS_TEMPLATE]);
  // Not quoted: a URL from a file with Windows line endings may contain credentials.
  if (hasControlCharacters(text))
    throw usageError('--template contains a line end or another control character', [PASS_TEMPLATE]);
  const at = text.indexOf('#');
  const [address, ref] = at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
  const git = parseGitAddress(address);
  if (git === undefined) {
    const path = expandHome(text, env);
    const problem = pathSyntaxProblem(path);
    if (problem !== undefined) throw usageError(`--template ${text}: ${problem}`, [PASS_TEMPLATE]);
    return { kind: 'folder', shown: text, path: resolve(cwd, path) };
  }
  if (ref !== undefined) rejectRef(ref);
  const { shown, ...urls } = git;
  return { kind: 'git', ...urls, shown: ref === undefined ? shown : `${shown}#${ref}`, ref };
}

type GitAddress = Omit<Extract<TemplateSource, { kind: 'git' }>, 'kind' | 'ref'>;

function parseGitAddress(text: string): GitAddress | undefined {
  const plain = (url: string): GitAddress => ({ url, publicUrl: url, shown: text, secrets: [] });
  const github = GITHUB.exec(text);
  if (github !== null)
    return plain(`https://github.com/${github[1] ?? ''}/${(github[2] ?? '').replace(/\.git$/, '')}.git`);
  // A drive letter of Windows is one letter.
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]+):/.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined) return SCP.test(text) ? plain(text) : undefined;
  if (!/^[^:]+:\/\//.test(text) || !SCHEMES.includes(`${scheme}:`) || !URL.canParse(text))
    throw usageError(
      `--template: ${scheme}: URLs are not supported. Use https://, ssh://, file://, user@host:path or github:owner/repo`,
      [PASS_TEMPLATE],
    );
  const url = new URL(text);
  if (scheme === 'http' && !isLoopbackHost(url.hostname))
    throw usageError(`--template: over plain http, the template could be changed in transit. Use https://`);
  if ([url.hostname, url.username].some((part) => percentDecode(part).startsWith('-')))
    throw usageError('--template: the host or the user of the URL starts with a hyphen', [PASS_TEMPLATE]);
  if (url.username === '' && url.password === '') return plain(text);
  // With ssh, the name is that of an account, and only keys can be used. A token is often passed as the name.
  const isSsh = scheme === 'ssh';
  const secrets = [url.password, ...(isSsh ? [] : [url.username])].filter((part) => part !== '');
  url.password = '';
  if (!isSsh) url.username = '';
  return {
    url: text,
    publicUrl: url.href,
    shown: url.href,
    secrets: [...new Set(secrets.flatMap((secret) => [secret, percentDecode(secret)]))],
  };
}

/** As `git check-ref-format`, and not an option, a refspec or a pattern. */
function rejectRef(ref: string): void {
  const isPlain =
    /^[^\s~^:?*[\\+-][^\s~^:?*[\\]*$/.test(ref) &&
    !/\.\.|@\{|\/\/|\.lock(?:\/|$)|[./]$|^[./]|\/\./.test(ref) &&
    ref !== '@';
  if (!isPlain)
    throw usageError(`--template: "${escapeForTerminal(ref, 100)}" is not the name of a branch, a tag or a commit`, [
      PASS_TEMPLATE,
    ]);
}

/** The origin to record in the project in `folder` (absolute). A folder is relative to the project, unless it is on another drive. */
export function toTemplateOrigin(source: TemplateSource, folder: string, commit: string | undefined): TemplateOrigin {
  if (source.kind === 'folder') {
    const path = relative(folder, source.path);
    if (isAbsolute(path)) return { source: path };
    const portable = path === '' ? '.' : path.split(sep).join('/');
    return { source: portable.startsWith('.') ? portable : `./${portable}` };
  }
  const { shown, ref } = source;
  return { source: ref === undefined ? shown : shown.slice(0, -ref.length - 1), ref, commit };
}

/** The source that `toTemplateOrigin` recorded in the project in `folder`. Throws a usage error if the record was edited to something else. */
export function fromTemplateOrigin({ source, ref }: TemplateOrigin, folder: string, env: Environment): TemplateSource {
  return parseTemplateSource(ref === undefined ? source : `${source}#${ref}`, { cwd: folder, env });
}
