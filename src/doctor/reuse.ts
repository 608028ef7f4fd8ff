import type { IssuedMaterial, IssuedToken, RestAccess } from './connection-input.ts';

/** What runs one after the other hand on, so that only the first asks KuFlow to make something. */
export interface Issued {
  token?: IssuedToken;
  material?: IssuedMaterial;
}

/** A token that ends sooner is not used again. */
const LEFT_MS = 60_000;

/** The same access, which asks for a token or a certificate only where `issued` has none that still does. */
export function reusing(access: RestAccess, issued: Issued, now: () => number): RestAccess {
  return {
    ...access,
    requestToken: async (signal) => {
      const { token } = issued;
      if (token !== undefined && Date.parse(token.expiredAt ?? '') - now() > LEFT_MS) return { ...token, reused: true };
      issued.token = await access.requestToken(signal);
      return issued.token;
    },
    requestCertificate: async (signal) => {
      if (issued.material !== undefined) return { ...issued.material, reused: true };
      issued.material = await access.requestCertificate(signal);
      return issued.material;
    },
  };
}
