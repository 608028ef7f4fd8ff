import { Type, type Static } from '@sinclair/typebox';
import { answer, model } from './common.ts';
import { resource } from './operation.ts';

export const KmsKey = model('KmsKey', { id: Type.String(), value: Type.String({ format: 'byte' }) });
export type KmsKey = Static<typeof KmsKey>;

export const kmsOperations = resource('kms', {
  retrieveKmsKey: {
    call: 'GET /kms/keys/{keyId}',
    summary: 'Read a key of the key management system',
    parameters: { keyId: Type.String() },
    responses: { 200: answer(KmsKey, 'The key') },
  },
});
