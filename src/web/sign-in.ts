import type { ConsoleHeader } from '../platform/shared/dev-contract.ts';

/** The header that marks the requests of the console. */
export const CONSOLE_MARK: Readonly<Record<ConsoleHeader, string>> = { 'x-kuflow-console': '1' };

/** sessionStorage belongs to one tab and one origin with its port, unlike cookies, which all ports of 127.0.0.1 share. */
const TOKEN_KEY = 'kuflow.token';

/**
 * Signs this tab in with `#token=…`, or with `#code=…`, which the platform exchanges for a token once. The fragment is removed, so that it is
 * neither in the address nor in the history. False if the code was used or has expired.
 */
export async function signInFromAddress(): Promise<boolean> {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const [given, code] = [fragment.get('token'), fragment.get('code')];
  if (given === null && code === null) return true;
  history.replaceState(history.state, '', `${location.pathname}${location.search}`);
  const token = given ?? (await redeem(code ?? ''));
  if (token !== undefined && token !== '') signInWith(token);
  return token !== undefined;
}

async function redeem(code: string): Promise<string | undefined> {
  try {
    const answer = await fetch(`/_dev/open-codes/${encodeURIComponent(code)}`, {
      method: 'POST',
      headers: CONSOLE_MARK,
    });
    return answer.ok ? ((await answer.json()) as { readonly token: string }).token : undefined;
  } catch {
    return undefined;
  }
}

export function currentToken(): string | undefined {
  return sessionStorage.getItem(TOKEN_KEY) ?? undefined;
}

export function signInWith(token: string): void {
  sessionStorage.setItem(TOKEN_KEY, token);
}
