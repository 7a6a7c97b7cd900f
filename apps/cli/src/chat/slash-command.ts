// What a typed line means: a message, or a command that begins with a slash.

export type TypedLine =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'message'; readonly text: string }
  | { readonly kind: 'help' | 'members' | 'quit' }
  | { readonly kind: 'unknown'; readonly command: string };

export const HELP_LINES = [
  '/members  who is here     /help  this     /quit  leave (or Ctrl-D)',
  'Alt-Enter begins a new line; what you paste is one message, however many lines it has.',
  'Arrow up brings back what you wrote. // at the beginning sends a message that begins with /.',
  '… waits for the server, ✓ is stored there for good, ✗ was not sent: the line below it says why.',
  'Without a connection it tries again by itself; Enter tries at once.',
] as const;

export function readTypedLine(line: string): TypedLine {
  if (line.trim() === '') return { kind: 'nothing' };
  if (line.startsWith('//')) return { kind: 'message', text: line.slice(1) };
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
    case 'quit':
    case 'q':
    case 'exit':
      return { kind: 'quit' };
    default:
      return { kind: 'unknown', command: `/${command}` };
  }
}
