import { Type } from '@sinclair/typebox';
import type { Static } from '@sinclair/typebox';
import { Uuid, answer, groupFilter, model, page, paging, tenantFilter } from './common.ts';
import { resource } from './operation.ts';

export const GroupPageItem = model('GroupPageItem', {
  id: Uuid,
  name: Type.String(),
  code: Type.String(),
  tenantId: Uuid,
});
export type GroupPageItem = Static<typeof GroupPageItem>;

export const GroupPage = page('GroupPage', GroupPageItem);

export const groupOperations = resource('group', {
  findGroups: {
    call: 'GET /groups',
    summary: 'List the groups that the caller may see; sortable by id, name',
    query: { ...paging, ...tenantFilter, principalId: Uuid, ...groupFilter },
    responses: { 200: answer(GroupPage, 'A page of groups') },
  },
});
