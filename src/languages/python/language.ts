import { DEFINITION_SCHEMA } from '../definition-schema.ts';
import type { Language } from '../language.ts';
import { activityNames, appendActivity, inputTypeOf } from './activities.ts';
import { declaresTask, findTasks } from './find-tasks.ts';
import { hasDeclarationsOnly, isDefinitionCode, pythonProcessLayout } from './process-layout.ts';
import { pythonPackageNames } from './package-name.ts';
import { renderPython } from './render.ts';
import { PYTHON_NAMING } from './tasks.ts';
import { workflowTypes } from './workflow-types.ts';

export const python: Language = {
  id: 'python',
  naming: PYTHON_NAMING,
  packageManagers: ['uv', 'pip'],
  packageNames: pythonPackageNames,
  layout: pythonProcessLayout,
  render: (spec, templates) => Promise.resolve(renderPython(spec, templates)),
  definitionSchema: (slug) => (slug === undefined ? `./${DEFINITION_SCHEMA}` : `../${DEFINITION_SCHEMA}`),
  code: {
    hasDeclarationsOnly,
    isDefinitionCode,
    findTasks,
    declaresTask,
    workflowTypes,
    activityNames,
    appendActivity: (_, text, name) => appendActivity(text, name),
    rewrittenActivities: (path) => `${path} no longer has the structure that was generated`,
  },
};
