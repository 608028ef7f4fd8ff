import { join } from 'node:path';
import { Secret } from '../../base/secret.ts';
import { KEYCHAIN_SERVICE, runTool, toolFailure, toolResult, type Keychain, type KeychainContext } from './keychain.ts';

const POWERSHELL = 'Windows PowerShell';
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
export function windowsVault(
  context: KeychainContext,
  program = join(context.env['SystemRoot'] ?? 'C:\\Windows', 'System32', 'WindowsPowerShell', 'v1.0', 'powershell.exe'),
): Keychain {
  const script = Buffer.from(SCRIPT, 'utf16le').toString('base64');
  const args = ['-NoLogo', '-NoProfile', '-NonInteractive', '-EncodedCommand', script];
  const call = async (action: 'store' | 'read' | 'remove', key: string, secret = '') => {
    const lines = [action, key, secret].map((text) => `${Buffer.from(text, 'utf8').toString('base64')}\n`);
    const end = await runTool({ program, args, ...context, input: new Secret(lines.join('')) });
    // PowerShell's messages are long, and in the language of the system.
    return end.kind === 'ended' ? { ...end, message: '' } : end;
  };
  return {
    name: 'windows-vault',
    title: "the system's keychain (Windows credential vault)",
    store: async (key, secret) => {
      const end = await call('store', key, secret.reveal());
      return toolResult(end, POWERSHELL, ({ status }) => status === 0);
    },
    read: async (key) => {
      const end = await call('read', key);
      if (end.kind === 'ended' && end.status === 0)
        return {
          kind: 'found',
          secret: new Secret(Buffer.from(end.output.toString('ascii'), 'base64').toString('utf8')),
        };
      return end.kind === 'ended' && end.status === NOT_FOUND ? { kind: 'absent' } : toolFailure(end, POWERSHELL);
    },
    remove: async (key) => {
      const end = await call('remove', key);
      return toolResult(end, POWERSHELL, ({ status }) => status === 0 || status === NOT_FOUND);
    },
    removeCommand: (key) => `Control Panel > Credential Manager > Web Credentials: remove ${KEYCHAIN_SERVICE}, ${key}`,
  };
}
