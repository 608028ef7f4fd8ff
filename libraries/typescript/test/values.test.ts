import { describe, expect, it } from 'vitest';
import { KuFlowFile, KuFlowGroup, KuFlowPrincipal } from '../src/internal/values.ts';

const NAME = 'Übersicht; a=b (50 %).txt';

describe('values that refer to documents, principals and groups', () => {
  it('have fields, which may contain any character', () => {
    const file = { uri: 'ku:process/1/document/2', type: 'text/plain', size: 7, name: NAME };
    expect(KuFlowFile.format(file)).toBe(
      'kuflow-file:uri=ku:process/1/document/2;type=text/plain;size=7;name=%C3%9Cbersicht%3B%20a%3Db%20(50%20%25).txt;',
    );
    expect(KuFlowFile.parse(KuFlowFile.format(file))).toEqual(file);
    const principal = { id: '1', type: 'USER', name: NAME } as const;
    expect(KuFlowPrincipal.parse(KuFlowPrincipal.format(principal))).toEqual(principal);
    const group = { id: '1', type: 'OTHERS', name: NAME };
    expect(KuFlowGroup.parse(KuFlowGroup.format(group))).toEqual(group);
  });

  it('are rejected with the field that is missing', () => {
    expect(() => KuFlowPrincipal.parse('kuflow-principal:type=USER;name=Ada;')).toThrow('Not a kuflow-principal value: it has no id');
    expect(() => KuFlowFile.parse('kuflow-file:uri=x;type=y;size=large;name=z;')).toThrow('its size is not a number');
    expect(() => KuFlowGroup.parse('kuflow-principal:id=1;type=USER;')).toThrow('Not a kuflow-group value');
  });
});
