import { Type } from '@sinclair/typebox';
import { Uuid, answer, audited, bytesAnswer, enumeration, model, page, paging, tenantFilter } from './common.ts';
import { resource } from './operation.ts';

export const RobotFilterContext = enumeration('RobotFilterContext', ['READY', 'DEFAULT']);
export const RobotSourceType = enumeration('RobotSourceType', ['PACKAGE', 'UNKNOWN']);
export const RobotAssetType = enumeration('RobotAssetType', ['PYTHON', 'PYTHON_PIP', 'NODEJS']);
export const RobotAssetPlatform = enumeration('RobotAssetPlatform', ['WINDOWS', 'MAC_OS', 'LINUX']);
const description = Type.Optional(Type.String({ minLength: 1, maxLength: 4000 }));
const label = Type.String({ minLength: 1, maxLength: 50 });

const robotFields = {
  ...audited,
  id: Uuid,
  code: label,
  name: label,
  description,
  sourceType: RobotSourceType,
  sourceFile: model('RobotSourceFile', {
    id: Uuid,
    name: Type.String(),
    contentType: Type.String(),
    contentLength: Type.Integer({ format: 'int64' }),
    contentHash: Type.String(),
  }),
  tenantId: Uuid,
} as const;

export const robotOperations = resource('robot', {
  findRobots: {
    call: 'GET /robots',
    summary: 'List the robots that the caller may see; sortable by createdAt, lastModifiedAt',
    query: { ...paging, ...tenantFilter, filterContext: RobotFilterContext },
    responses: { 200: answer(page('RobotPage', model('RobotPageItem', robotFields)), 'A page of robots') },
  },
  retrieveRobot: {
    call: 'GET /robots/{id}',
    summary: 'Read a robot',
    responses: {
      200: answer(
        model('Robot', {
          ...robotFields,
          environmentVariables: Type.Optional(
            Type.Unsafe<Record<string, string>>({
              type: 'object',
              additionalProperties: { type: 'string', minLength: 1, maxLength: 4000 },
            }),
          ),
        }),
        'The robot',
      ),
    },
  },
  downloadRobotSourceCode: {
    call: 'GET /robots/{id}/~actions/download-source-code',
    summary: 'Download the source code of a robot',
    responses: { 200: bytesAnswer },
  },
  downloadRobotAsset: {
    call: 'GET /robots/{id}/~actions/download-asset',
    summary: 'Download the runtime of a robot',
    query: {
      type: RobotAssetType,
      version: Type.String(),
      platform: RobotAssetPlatform,
      architecture: enumeration('RobotAssetArchitecture', ['X86_32', 'X86_64']),
    },
    requiredQuery: ['type', 'version', 'platform', 'architecture'],
    responses: { 200: bytesAnswer },
  },
});
