import { Secret } from '../../src/base/secret.ts';
import { BACK, type Prompts, type Back, type Question } from '../../src/terminal/prompts.ts';

/** A part of the question and its answer: a text, the value of a choice, yes or no, the text of a secret, `BACK`, or a function that looks first. */
export type ScriptedAnswer = readonly [
  question: string,
  answer: string | boolean | Back,
  look?: (asked: Asked) => void,
];

/** A question that was asked. */
export interface Asked extends Question {
  readonly fallback?: string | boolean | undefined;
  readonly choices?: readonly { readonly value: string; readonly name: string }[];
}

/** Answers prompts from a script, in order. An unexpected question or a rejected answer rejects. */
export function scriptedAnswers(script: readonly ScriptedAnswer[]): {
  readonly ask: Prompts;
  readonly left: () => readonly ScriptedAnswer[];
} {
  const left = [...script];
  const next = (asked: Asked): string | boolean | Back => {
    const [question, answer, look] = left.shift() ?? ['(the end)', false];
    if (!asked.message.includes(question)) throw new Error(`asked: ${asked.message}\nthe script: ${question}`);
    if (answer === BACK && asked.canGoBack !== true) throw new Error(`${asked.message}: going back is not possible`);
    look?.(asked);
    return answer;
  };
  const chosen = async <Value extends string>(question: Asked): Promise<Value | Back> => {
    const answer = next(question);
    if (answer !== BACK && question.choices?.some(({ value }) => value === answer) !== true)
      throw new Error(`${question.message}: ${String(answer)} is not one of ${JSON.stringify(question.choices)}`);
    return Promise.resolve(answer as Value | Back);
  };
  const ask: Prompts = {
    text: async (question) => {
      const answer = next(question);
      if (answer === BACK) return BACK;
      const text = answer === '' ? (question.fallback ?? '') : String(answer);
      const problem =
        text === '' && question.optional !== true
          ? 'Enter a value'
          : (question.validate?.(text) ?? (await question.validateAsync?.(text)));
      if (problem !== undefined) throw new Error(`${question.message}: ${problem}`);
      return text;
    },
    choose: chosen,
    search: chosen,
    confirm: (question) => Promise.resolve(next(question) as boolean | Back),
    secret: (question) => {
      const answer = next(question);
      return Promise.resolve(answer === BACK ? BACK : new Secret(String(answer)));
    },
  };
  return { ask, left: () => left };
}
