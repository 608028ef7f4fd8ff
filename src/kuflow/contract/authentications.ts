import { Type, type Static } from '@sinclair/typebox';
import { DateTime, Uuid, answer, audited, enumeration, json, model } from './common.ts';
import { resource } from './operation.ts';

export const AuthenticationType = enumeration('AuthenticationType', ['ENGINE_TOKEN', 'ENGINE_CERTIFICATE']);

export const Authentication = model('Authentication', {
  ...audited,
  id: Type.Optional(Uuid),
  type: Type.Optional(AuthenticationType),
  tenantId: Type.Optional(Uuid),
  engineToken: Type.Optional(model('AuthenticationEngineToken', { token: Type.String(), expiredAt: DateTime })),
  engineCertificate: Type.Optional(
    model('AuthenticationEngineCertificate', {
      namespace: Type.String(),
      tls: Type.Object({
        serverRootCaCertificate: Type.String(),
        clientCertificate: Type.String(),
        clientPrivateKey: Type.String(),
      }),
    }),
  ),
});
export type Authentication = Static<typeof Authentication>;

export const AuthenticationCreateParams = model('AuthenticationCreateParams', {
  type: AuthenticationType,
  tenantId: Type.Optional(Uuid),
});
export type AuthenticationCreateParams = Static<typeof AuthenticationCreateParams>;

export const authenticationOperations = resource('authentication', {
  createAuthentication: {
    call: 'POST /authentications',
    summary: 'Issue an engine token or an engine certificate to the calling principal',
    body: json(AuthenticationCreateParams),
    responses: { 200: answer(Authentication, 'The authentication') },
  },
});
