import { describe, expect, it } from 'vitest';
import { appendActivity } from '../../../../src/languages/python/activities.ts';
import { activityNames, declaresTask, workflowTypes } from '../../../../src/languages/python/read-code.ts';
import { cpuMilliseconds } from '../../../support/cpu-time.ts';

const ACTIVITIES = `from typing import (
    Any,
    TypedDict,
)


class CheckInput(TypedDict):
    process_id: str


# Calls other systems.
@final
class LoanActivities:
    """Your activities.
    """

    def __init__(self, kuflow: KuFlowClient, mail: Mail) -> None:
        self._kuflow = kuflow

    @activity.defn(no_thread_cancel_exception=True, name='check "(1)"')  # a name
    # Why it is cached
    @cached
    def prüfen(self, input: CheckInput) -> None:
        pass

    @activity.defn
    async def send(self) -> None: ...

    def helper(self) -> None: ...
`;

const withCrlf = (text: string): string => text.replaceAll('\n', '\r\n');

describe('activities in edited Python code', () => {
  it.each([ACTIVITIES, withCrlf(ACTIVITIES)])('are found whatever their decorators are', (text) => {
    expect([...activityNames(text)]).toEqual(['prüfen', 'check "(1)"', 'send']);
  });

  it('are added to the class, and their types before its decorators', () => {
    const text = appendActivity(ACTIVITIES, 'pay_out') ?? '';
    expect(text).toContain(
      'class PayOutInput(TypedDict):\n    process_id: str\n\n\n# Calls other systems.\n@final\nclass',
    );
    expect(text).toMatch(/\n\n {4}@activity\.defn\n {4}async def pay_out\(.*\n(?: {8}.*\n)+$/);
  });

  it.each(['\n\ndef helper() -> None:\n    pass\n', '\nCONSTANT = 1\n', '\n\n# End\n'])(
    'are added to the class if %j follows it',
    (rest) => {
      const text = appendActivity(ACTIVITIES + rest, 'pay_out') ?? '';
      expect(text).toMatch(/\n {4}async def pay_out\(.*\n(?: {8}.*\n)+\n\n\S/);
      expect(text.endsWith(rest.trimStart())).toBe(true);
    },
  );

  it.each(['    TEXT = """\nclass of service\n"""\n', '    CALL = call(\n1)\n'])(
    'are not added if the class may continue after %j',
    (end) => expect(appendActivity(ACTIVITIES + end, 'pay_out')).toBeUndefined(),
  );

  it('are searched for in linear time', () => {
    const constructors = `class A:\n${'    def __init__(self, kuflow: KuFlowClient):\n'.repeat(20_000)}x\n`;
    for (const text of ['@activity.defn\n'.repeat(60_000), '#\n'.repeat(400_000), constructors]) {
      const spent = cpuMilliseconds(() => {
        activityNames(text);
        appendActivity(`${text}from typing import TypedDict\n`, 'send');
      });
      expect(spent).toBeLessThan(2_000);
    }
  });
});

describe('workflow types in edited Python code', () => {
  it('are the names in the decorator, or else those of the classes', () => {
    const text = `@workflow.defn
class First:
    pass


@workflow.defn(
    sandboxed=False,  # it's (slow)
    name="Second \\"2\\"",
)
class Other(Base):
    pass
`;
    expect([...workflowTypes(text)]).toEqual(['First', 'Second "2"']);
    expect([...workflowTypes(withCrlf(text))]).toEqual(['First', 'Second "2"']);
  });
});

describe('tasks in edited Python code', () => {
  it.each([`A = MessageTask("A'B")`, `A = MessageTask('A\\'B')`, `A = HumanTask[dict[str, Any]](\n    "A\\x27B",\n)`])(
    'are found in %j',
    (text) => {
      expect(declaresTask(text, "A'B")).toBe(true);
      expect(declaresTask(text, 'A')).toBe(false);
    },
  );
});
