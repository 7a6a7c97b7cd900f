// [RECEIPT-4] Who turned read receipts off shows nothing of what he reads, and sees nothing of what others read.
import type { UserId } from '@parley/protocol/ids';
import type { Watermark } from '@parley/protocol/reading';
import type { UserSettings } from '../presence/user-settings.ts';

/** Whether the user shows what he reads and is shown what others read: the one place that says so. */
export async function seesReads(settings: UserSettings, user: UserId): Promise<boolean> {
  return (await settings.one(user)).readReceipts;
}

/** As one sees it who is not shown what others read: of others, nothing is. One's own reading is no secret. */
export function withoutReads(rows: readonly Watermark[], viewer: UserId): Watermark[] {
  return rows.map((row) => (row.user_id === viewer ? row : { ...row, read: 0 }));
}
