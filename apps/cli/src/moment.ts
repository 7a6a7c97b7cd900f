// Times of entries in the user's own time zone.

export interface Moment {
  /** 2026-11-24 */
  readonly date: string;
  /** 09:05 */
  readonly time: string;
  /** Tuesday, 24 November 2026 */
  readonly day: string;
}

export function moment(atMs: number): Moment {
  const at = new Date(atMs);
  const two = (value: number): string => String(value).padStart(2, '0');
  return {
    date: `${String(at.getFullYear()).padStart(4, '0')}-${two(at.getMonth() + 1)}-${two(at.getDate())}`,
    time: `${two(at.getHours())}:${two(at.getMinutes())}`,
    day: `${DAYS[at.getDay()] ?? ''}, ${at.getDate()} ${MONTHS[at.getMonth()] ?? ''} ${at.getFullYear()}`,
  };
}

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const;
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
] as const;

/** The time of day to the second: 09:05:07 */
export function clockTime(atMs: number): string {
  return `${moment(atMs).time}:${String(new Date(atMs).getSeconds()).padStart(2, '0')}`;
}
