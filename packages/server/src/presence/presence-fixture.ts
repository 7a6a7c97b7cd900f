// A server whose users watch one another, and time that passes while some of them give signs of life.
import type { UserId } from '@parley/protocol/ids';
import type { Down } from '@parley/protocol/down';
import type { PresenceRow } from '@parley/protocol/presence';
import type { Up } from '@parley/protocol/up';
import { ServerFixture, type FixtureOptions } from '../testing/server-fixture.ts';
import type { TestClient } from '../testing/test-client.ts';

export type Client = TestClient & { token: string };

const STEP_MS = 500;

export class PresenceFixture extends ServerFixture {
  constructor(options: FixtureOptions = {}) {
    super(options);
  }

  /** Time passes; who is alive sends a heartbeat at every step of it, and at its end. */
  async pass(ms: number, ...alive: TestClient[]): Promise<void> {
    for (let left = ms; left > 0; left -= STEP_MS) {
      await this.timers.advance(Math.min(STEP_MS, left));
      for (const client of alive) await client.send({ type: 'heartbeat' });
    }
  }

  async watch(watcher: TestClient, ...users: UserId[]): Promise<PresenceRow[]> {
    return rowsOf(await watcher.request({ type: 'watch', user_ids: users }));
  }

  async get(asker: TestClient, ...users: UserId[]): Promise<PresenceRow[]> {
    return rowsOf(await asker.request({ type: 'get_presence', user_ids: users }));
  }

  set(
    client: TestClient,
    change: Omit<Extract<Up, { type: 'set_settings' }>, 'type' | 'ref'>,
  ): Promise<Down> {
    return client.request({ type: 'set_settings', ...change });
  }
}

function rowsOf(answer: Down): PresenceRow[] {
  if (answer.type !== 'presence') throw new Error(JSON.stringify(answer));
  return answer.rows;
}

/** What was pushed of changes, in order: `user state`. */
export function pushed(client: TestClient): string[] {
  return client
    .all('presence')
    .filter(({ ref, snapshot }) => ref === undefined && snapshot === undefined)
    .flatMap(({ rows }) => rows.map((row) => `${row.user_id} ${row.state}`));
}

/** Rows of all snapshot frames. */
export function snapshots(client: TestClient): PresenceRow[] {
  return client.all('presence').flatMap(({ snapshot, rows }) => (snapshot === true ? rows : []));
}
