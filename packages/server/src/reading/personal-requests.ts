// The requests about what a user keeps about conversations.
import type { Handlers } from '../request/request.ts';
import type { FollowedThreads } from './followed-threads.ts';
import type { HiddenMessages } from './hidden-messages.ts';
import type { ReadMarks } from './read-marks.ts';

export function personalRequests({
  marks,
  hidden,
  threads,
}: {
  marks: ReadMarks;
  hidden: HiddenMessages;
  threads: FollowedThreads;
}): Handlers<'set_conversation' | 'hide_message' | 'list_hidden' | 'follow_thread' | 'list_threads'> {
  return {
    set_conversation: (session, frame) => marks.setFlags(session, frame),
    hide_message: (session, frame) => hidden.hide(session, frame),
    list_hidden: (session, frame) => hidden.list(session, frame),
    follow_thread: ({ user }, frame) => threads.follow(user, frame),
    list_threads: ({ user }, frame) => threads.list(user, frame),
  };
}
