import { useState } from 'preact/hooks';
import type { ProcessItem, ProcessItemPageItem } from '../../kuflow/contract/process-items.ts';
import { useApp } from '../app-data.ts';
import { callApi } from '../api.ts';
import { readDraft, removeDraft, writeDraft } from '../parts/edited-data.ts';
import { Link } from '../navigation.tsx';
import { onSubmit, useAction } from '../parts/action.ts';
import { Ago } from '../parts/ago.tsx';
import { FailureNotice } from '../parts/notices.tsx';

export interface ConversationProps {
  readonly thread: Pick<ProcessItem, 'id' | 'processId' | 'processItemDefinitionRef'>;
  readonly messages: readonly ProcessItemPageItem[];
  readonly name: string | undefined;
  /** Whether the process still accepts messages. */
  readonly isOpen: boolean;
  /** Whether the view shows more than the thread. */
  readonly isPart: boolean;
  readonly reload: () => void;
}

export function Conversation({ thread, messages, name, isOpen, isPart, reload }: ConversationProps) {
  const app = useApp();
  const draftName = `thread ${thread.id}`;
  const [text, setText] = useState(() => (readDraft(draftName)?.data['text'] ?? '') as string);
  const action = useAction();
  const title = name ?? thread.processItemDefinitionRef?.code ?? 'Thread';
  const write = (next: string): void => {
    setText(next);
    if (next === '') removeDraft(draftName);
    else writeDraft(draftName, { data: { text: next }, base: '' });
  };
  const send = async (): Promise<string> => {
    await callApi('POST', '/process-items', {
      body: { type: 'MESSAGE', processId: thread.processId, processItemThreadId: thread.id, message: { text } },
    });
    write('');
    reload();
    return 'Sent';
  };
  return (
    <div class="conversation" role="group" aria-label={title}>
      {isPart ? <h3>{title}</h3> : null}
      {messages.length === 0 ? <p class="muted">No messages yet.</p> : null}
      <ul>
        {messages.map((message) => (
          <li key={message.id}>
            <p class="muted">
              {message.createdBy === undefined ? 'Somebody' : (app.names.get(message.createdBy) ?? 'Somebody')},{' '}
              {message.createdAt === undefined ? null : <Ago time={message.createdAt} />}
            </p>
            {message.message?.text === undefined ? (
              <Link to={{ view: 'task', id: message.id }}>Show the data of the message</Link>
            ) : (
              <p class="text">{message.message.text}</p>
            )}
          </li>
        ))}
      </ul>
      {isOpen ? (
        <form
          onSubmit={onSubmit(() => {
            if (text.trim() !== '') action.run('send', send);
          })}
        >
          <label>
            New message
            <textarea rows={3} value={text} onInput={(event) => write(event.currentTarget.value)} />
          </label>
          <FailureNotice failure={action.failure} title="The message could not be sent" />
          <p class="actions">
            <button type="submit" disabled={action.busy !== undefined || text.trim() === ''}>
              Send
            </button>
            <span role="status" class="muted">
              {action.done}
            </span>
          </p>
        </form>
      ) : null}
    </div>
  );
}
