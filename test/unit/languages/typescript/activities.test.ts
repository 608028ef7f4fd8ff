import { describe, expect, it } from 'vitest';
import { activityNames, appendActivity } from '../../../../src/languages/typescript/activities.ts';

const MODULE = `import { log } from '@temporalio/activity';

// createActivities({ kuflow }) is called once.
export const createActivities = ({ kuflow }) => ({
  ...leaveActivities({ kuflow }),

  /** async commented( */
  async checkCredit(input: {
    readonly processId: string;
  }): Promise<void> {
    await kuflow.retrieveProcess({ processId: input.processId });
  },
  審査: async () => {},
  'quoted': helper,
});

export type Activities = ReturnType<typeof createActivities>;

export const later = wrap({
  async notAnActivity() {},
});
`;

describe('the activities of a module', () => {
  it('are the members of the object that createActivities returns', () => {
    expect([...activityNames(MODULE)]).toEqual(['checkCredit', '審査', 'quoted']);
  });

  it('are added at the end of that object', () => {
    const after = appendActivity(MODULE, 'sendMail') ?? '';
    expect([...activityNames(after)]).toEqual(['checkCredit', '審査', 'quoted', 'sendMail']);
    expect(after.split("  'quoted': helper,\n")[1]).toMatch(/^\n {2}\/\*\* .*\n {2}async sendMail\(/);
  });

  it('cannot be added to a module without that object', () => {
    expect(appendActivity('export const createActivities = build();\n', 'sendMail')).toBeUndefined();
  });
});
