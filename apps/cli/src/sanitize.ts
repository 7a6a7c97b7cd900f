// Makes text of others harmless for a terminal: no escape sequences, no control characters, no reordered lines.

const FIRST_PICTURE = 0x2400;
const DELETE_PICTURE = '\u2421';
const MARKS_MAX_COUNT = 6;

// oxlint-disable-next-line no-control-regex -- control characters are what this file is about
const CONTROLS = /[\u0000-\u001f\u007f-\u009f]/g;
/** Marks, embeddings, overrides and isolates that change the order in which a line is shown, and a stray BOM. */
const REORDERING = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029\ufeff]/g;
const LONE_SURROGATE = /\p{Surrogate}/gu;
/** More combining marks than any script needs on one letter are there to paint over the lines around it. */
const MARK_TOWER = new RegExp(`(\\p{M}{${MARKS_MAX_COUNT}})\\p{M}+`, 'gu');

/** One line: control characters become visible pictures (ESC is shown as ␛), a line break is shown as ⏎. */
export function sanitizeLine(text: string): string {
  return harmless(normalizeBreaks(text).replaceAll('\n', '⏎'));
}

/** The same for text of several lines: one string a line. Tabs become two spaces. */
export function sanitizeLines(text: string): string[] {
  return normalizeBreaks(text)
    .split('\n')
    .map((line) => harmless(line.replaceAll('\t', '  ')));
}

function harmless(line: string): string {
  return line
    .replace(CONTROLS, picture)
    .replace(REORDERING, '')
    .replace(LONE_SURROGATE, '\ufffd')
    .replace(MARK_TOWER, '$1');
}

function normalizeBreaks(text: string): string {
  return text.replaceAll('\r\n', '\n').replaceAll('\u2028', '\n').replaceAll('\u2029', '\n');
}

function picture(control: string): string {
  const code = control.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(FIRST_PICTURE + code);
  return code === 0x7f ? DELETE_PICTURE : '\ufffd';
}
