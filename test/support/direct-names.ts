import dns from 'node:dns';

/** Names in this domain are addresses of this machine once `resolveDirectNames` was called. */
export const DIRECT_DOMAIN = 'kuflow-direct.test';

/** Does in this process what lines in /etc/hosts do for the machine. Returns a function that undoes it. */
export function resolveDirectNames(): () => void {
  const { lookup } = dns;
  const local = (name: string): string => (name.endsWith(`.${DIRECT_DOMAIN}`) ? '127.0.0.1' : name);
  const own = (name: string, ...rest: [never, never]): void => lookup(local(name), ...rest);
  dns.lookup = Object.assign(own, { __promisify__: lookup.__promisify__ }) as unknown as typeof dns.lookup;
  return () => {
    dns.lookup = lookup;
  };
}
