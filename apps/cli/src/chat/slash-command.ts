// What a typed line means: a message, or a command that begins with a slash.

export type TypedLine =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'message'; readonly text: string }
  | { readonly kind: 'help' | 'members' | 'numbers' | 'quit' }
  | { readonly kind: 'edit'; readonly seq: number; readonly text: string }
  | { readonly kind: 'reply'; readonly seq: number; readonly text: string }
  | { readonly kind: 'delete'; readonly seq: number }
  | { readonly kind: 'react'; readonly seq: number; readonly emoji: string; readonly remove: boolean }
  /** A command that lacks something: how it is used. */
  | { readonly kind: 'incomplete'; readonly usage: string }
  | { readonly kind: 'unknown'; readonly command: string };

export const HELP_LINES = [
  '/members  who is here     /help  this     /quit  leave (or Ctrl-D)',
  '/numbers shows the numbers of messages. With them:',
  '/reply N TEXT     /edit N TEXT     /delete N     /react N 👍     /react N -👍 takes it back',
  'Alt-Enter begins a new line; what you paste is one message, however many lines it has.',
  'Arrow up brings back what you wrote. // at the beginning sends a message that begins with /.',
  '… waits for the server, ✓ is stored there for good, ✗ was not sent: the line below it says why.',
  'Without a connection it tries again by itself; Enter tries at once.',
] as const;

const USAGES: Readonly<Record<string, string>> = {
  edit: '/edit N TEXT',
  reply: '/reply N TEXT',
  delete: '/delete N',
  react: '/react N EMOJI',
};

export function readTypedLine(line: string): TypedLine {
  if (line.trim() === '') return { kind: 'nothing' };
  if (line.startsWith('//')) return { kind: 'message', text: line.slice(1) };
  const about = aboutMessage(line);
  if (about !== undefined) return about;
  // A path or a pasted text of several lines is a message, not a command.
  if (!line.startsWith('/') || line.includes('\n')) return { kind: 'message', text: line };
  const [command = ''] = line.slice(1).trim().split(/\s/);
  switch (command) {
    case 'help':
    case 'h':
    case '?':
      return { kind: 'help' };
    case 'members':
    case 'who':
      return { kind: 'members' };
    case 'numbers':
      return { kind: 'numbers' };
    case 'quit':
    case 'q':
    case 'exit':
      return { kind: 'quit' };
    default:
      return unknownOrIncomplete(command);
  }
}

/** /COMMAND N …, where the text may have several lines. */
function aboutMessage(line: string): TypedLine | undefined {
  const [, command, number, rest = ''] =
    /^\/(\w+)[ \t]+#?(\d{1,15})(?:[ \t]+([^]*))?$/.exec(line.trimEnd()) ?? [];
  const seq = Number(number);
  const text = rest.trimStart();
  switch (command) {
    case 'edit':
    case 'reply':
      return text === '' ? undefined : { kind: command, seq, text: rest };
    case 'delete':
      return text === '' ? { kind: 'delete', seq } : undefined;
    case 'react': {
      const remove = /^-./u.test(text);
      return text === '' || /\s/.test(text)
        ? undefined
        : { kind: 'react', seq, emoji: remove ? text.slice(1) : text, remove };
    }
    default:
      return undefined;
  }
}

function unknownOrIncomplete(command: string): TypedLine {
  const usage = Object.hasOwn(USAGES, command) ? USAGES[command] : undefined;
  return usage === undefined ? { kind: 'unknown', command: `/${command}` } : { kind: 'incomplete', usage };
}
