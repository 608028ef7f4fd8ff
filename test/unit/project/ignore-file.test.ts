import { describe, expect, it } from 'vitest';
import { mergeIgnoreFile } from '../../../src/project/existing-files.ts';
import { mergeFile } from '../../../src/project/merge/merge-file.ts';

const TEMPLATE = 'node_modules/\ndist/\n\n# Credentials\n.env\n*.pem\n\n# State\n.kuflow/dev/\n';

describe('the rules of a template in an existing .gitignore', () => {
  it.each([
    ['', '# Added for the KuFlow worker\n' + TEMPLATE],
    ['/mine', '/mine\n\n# Added for the KuFlow worker\n' + TEMPLATE],
    [
      'node_modules\r\n*.pem  \r\n!dist/x\r\n',
      'node_modules\r\n*.pem  \r\n!dist/x\r\n\r\n# Added for the KuFlow worker\r\ndist/\r\n\r\n# Credentials\r\n.env\r\n\r\n# State\r\n.kuflow/dev/\r\n',
    ],
    [
      'dist\nnode_modules\n.env\n*.pem\n',
      'dist\nnode_modules\n.env\n*.pem\n\n# Added for the KuFlow worker\n# State\n.kuflow/dev/\n',
    ],
  ])('are added after %j', (existing, merged) => {
    expect(mergeIgnoreFile(existing, TEMPLATE)).toBe(merged);
    expect(mergeIgnoreFile(merged, TEMPLATE)).toBe(merged);
  });

  it('are updated with a later version of the template', () => {
    const mine = mergeIgnoreFile('node_modules\n*.swp\n', TEMPLATE);
    const theirs = TEMPLATE.replace('*.pem\n', '*.pem\n*.key\n').replace('# State\n', '# State of the local KuFlow\n');
    const merge = mergeFile({ path: '.gitignore', base: TEMPLATE, mine, theirs, style: 'ours' });
    expect(merge.conflicts).toEqual([]);
    expect(merge.text).toBe(
      mine.replace('*.pem\n', '*.pem\n*.key\n').replace('# State\n', '# State of the local KuFlow\n'),
    );
  });
});
