import { join } from 'node:path';
import { Secret } from '../../base/secret.ts';
import { KEYCHAIN_SERVICE, type Keychain, type KeychainFailure, type KeychainContext } from './keychain.ts';
import { runTool, type ToolResult } from './run-tool.ts';

const NOT_FOUND = 44;

/**
 * Reads three lines of base64 from standard input: independent of the code page, and not visible as arguments. The
 * vault is what Windows shows as web credentials. Windows PowerShell can use it without compiling code, which would
 * take too long.
 */
const SCRIPT = `$ErrorActionPreference = 'Stop'
function Read-Text { [Text.Encoding]::UTF8.GetString([Convert]::FromBase64String([Console]::In.ReadLine())) }
$action = Read-Text; $key = Read-Text; $secret = Read-Text
[void][Windows.Security.Credentials.PasswordVault, Windows.Security.Credentials, ContentType = WindowsRuntime]
$vault = New-Object Windows.Security.Credentials.PasswordVault
$found = $null
try { $found = $vault.Retrieve('${KEYCHAIN_SERVICE}', $key) } catch { if ($_.Exception.GetBaseException().HResult -ne -2147023728) { throw } }
if ($action -eq 'store') { $vault.Add((New-Object Windows.Security.Credentials.PasswordCredential('${KEYCHAIN_SERVICE}', $key, $secret))); exit 0 }
if ($found -eq $null) { exit ${NOT_FOUND} }
if ($action -eq 'remove') { $vault.Remove($found); exit 0 }
$found.RetrievePassword()
[Console]::Out.Write([Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes($found.Password)))
`;

/** The credential vault of Windows, through Windows PowerShell. */
export function windowsVault(context: KeychainContext, program = powershellPath(context)): Keychain {
  const args = ['-NoLogo', '-NoProfile', '-NonInteractive', '-EncodedCommand', encodedScript()];
  const call = (action: 'store' | 'read' | 'remove', key: string, secret = ''): Promise<ToolResult> => {
    const lines = [action, key, secret].map((text) => `${Buffer.from(text, 'utf8').toString('base64')}\n`);
    return runTool({ program, args, ...context, input: new Secret(lines.join('')) });
  };
  return {
    name: 'windows-vault',
    title: "the system's keychain (Windows credential vault)",
    store: async (key, secret) => {
      const end = await call('store', key, secret.reveal());
      return end.kind === 'ended' && end.status === 0 ? { kind: 'done' } : powershellFailure(end);
    },
    read: async (key) => {
      const end = await call('read', key);
      if (end.kind === 'ended' && end.status === 0)
        return {
          kind: 'found',
          secret: new Secret(Buffer.from(end.output.toString('ascii'), 'base64').toString('utf8')),
        };
      return end.kind === 'ended' && end.status === NOT_FOUND ? { kind: 'absent' } : powershellFailure(end);
    },
    remove: async (key) => {
      const end = await call('remove', key);
      return end.kind === 'ended' && [0, NOT_FOUND].includes(end.status) ? { kind: 'done' } : powershellFailure(end);
    },
    removeCommand: (key) => `Control Panel > Credential Manager > Web Credentials: remove ${KEYCHAIN_SERVICE}, ${key}`,
  };
}

function powershellPath({ env }: KeychainContext): string {
  return join(env['SystemRoot'] ?? 'C:\\Windows', 'System32', 'WindowsPowerShell', 'v1.0', 'powershell.exe');
}

function encodedScript(): string {
  return Buffer.from(SCRIPT, 'utf16le').toString('base64');
}

function powershellFailure(end: ToolResult): KeychainFailure {
  if (end.kind === 'failed') return end;
  return { kind: 'failed', why: `Windows PowerShell exited with ${end.status}` };
}
