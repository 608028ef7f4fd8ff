import { Type } from '@sinclair/typebox';
import type { Static } from '@sinclair/typebox';
import { Uuid, answer, enumeration, groupFilter, model, page, paging, tenantFilter } from './common.ts';
import { resource } from './operation.ts';

export const PrincipalType = enumeration('PrincipalType', ['USER', 'APPLICATION', 'SYSTEM']);

export const PrincipalUser = model('PrincipalUser', { id: Type.Optional(Uuid), email: Type.Optional(Type.String()) });

export const PrincipalApplication = model('PrincipalApplication', { id: Type.Optional(Uuid) });

export const Principal = model('Principal', {
  id: Type.Optional(Uuid),
  type: Type.Optional(PrincipalType),
  name: Type.Optional(Type.String()),
  user: Type.Optional(PrincipalUser),
  application: Type.Optional(PrincipalApplication),
});
export type Principal = Static<typeof Principal>;

export const PrincipalPageItem = model('PrincipalPageItem', {
  id: Type.Optional(Uuid),
  type: Type.Optional(PrincipalType),
  name: Type.Optional(Type.String()),
});
export type PrincipalPageItem = Static<typeof PrincipalPageItem>;

export const PrincipalPage = page('PrincipalPage', PrincipalPageItem);

export const principalOperations = resource('principal', {
  findPrincipals: {
    call: 'GET /principals',
    summary: 'List the principals that the caller may see; sortable by id, name',
    query: { ...paging, type: PrincipalType, ...groupFilter, ...tenantFilter },
    responses: { 200: answer(PrincipalPage, 'A page of principals') },
  },
  retrievePrincipal: {
    call: 'GET /principals/{id}',
    summary: 'Read a principal',
    responses: { 200: answer(Principal, 'The principal') },
  },
});
