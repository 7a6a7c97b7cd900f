// The audit of the groups' settings: they are what the entries of the log make of them, and channels can be found.
import type { Database } from 'bun:sqlite';
import { titleKey } from '@parley/ports/member-store';
import { type GroupSettings, NO_SETTINGS } from '@parley/protocol/role';

interface GroupRow {
  readonly title: string;
  readonly public: number | null;
  readonly announcements: number | null;
  readonly slowModeS: number | null;
  readonly channelTitle: string | null;
  readonly asOf: number;
  readonly log: number | null;
  readonly floor: number;
}

function prepareStatements(database: Database) {
  return {
    groups: database.query<GroupRow, []>(
      `SELECT c.title, c.public, c.announcements, c.slow_mode_s AS slowModeS, c.channel_title AS channelTitle,
         c.as_of AS asOf, l.key AS log, coalesce(l.floor, 0) AS floor
       FROM conversations c LEFT JOIN logs l ON l.id = c.id WHERE c.kind = 'group'`,
    ),
    // As with the memberships, entries that the rows do not have yet are left to audit-inbox.ts.
    changes: database.query<{ body: string }, [number, number]>(
      `SELECT body FROM entries WHERE log = ? AND kind IS NOT NULL AND kind = 'group_set' AND seq <= ? ORDER BY seq`,
    ),
  };
}

/** How many groups have other settings than their log says, or are not found by them. */
export function countDifferingSettings(database: Database): number {
  const statements = prepareStatements(database);
  let differing = 0;
  for (const group of statements.groups.iterate()) {
    const changes = group.log === null ? [] : statements.changes.all(group.log, group.asOf);
    const found = settingsOf(group);
    const channelTitle = found?.public === true ? titleKey(group.title) : null;
    const same = isSame(found, expectedSettings(group, found, changes));
    if (!same || group.channelTitle !== channelTitle) differing += 1;
  }
  return differing;
}

function settingsOf({ public: isPublic, announcements, slowModeS }: GroupRow): GroupSettings | undefined {
  if (isPublic === null || announcements === null || slowModeS === null) return undefined;
  return { public: isPublic === 1, announcements: announcements === 1, slow_mode_s: slowModeS };
}

/** Where retention dropped entries, what those that are left do not say is taken from the row. */
function expectedSettings(
  { floor }: GroupRow,
  found: GroupSettings | undefined,
  changes: readonly { readonly body: string }[],
): GroupSettings | undefined {
  const base = floor > 0 ? found : undefined;
  if (changes.length === 0) return base;
  let settings: GroupSettings = base ?? NO_SETTINGS;
  for (const { body } of changes) settings = { ...settings, ...parsed(body) };
  return settings;
}

function isSame(one: GroupSettings | undefined, other: GroupSettings | undefined): boolean {
  return (
    one?.public === other?.public &&
    one?.announcements === other?.announcements &&
    one?.slow_mode_s === other?.slow_mode_s
  );
}

/** A body that is no JSON object says nothing: its change is missing then, and found. */
function parsed(body: string): Partial<GroupSettings> {
  try {
    return (JSON.parse(body) as Partial<GroupSettings> | null) ?? {};
  } catch {
    return {};
  }
}
