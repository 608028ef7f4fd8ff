import { describe, expect, it } from 'vitest';
import { proposeMemberPath } from '../../../../src/commands/create/placement.ts';

describe('the patterns of a workspace', () => {
  it('propose the folder for a new member', () => {
    expect(proposeMemberPath(['packages/*', 'apps/*', 'services/*'], 'w')).toBe('services/w');
    expect(proposeMemberPath(['libs/*', 'backend/apps/**'], 'w')).toBe('backend/apps/w');
    expect(proposeMemberPath(['libs/*', '!libs/x'], 'w')).toBe('libs/w');
    expect(proposeMemberPath(['*', 'a', '**/x'], 'w')).toBe('w');
    expect(proposeMemberPath([], 'w')).toBe('w');
  });
});
