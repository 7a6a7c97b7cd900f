// The limits of groups that are no part of the wire.
import { CONVERSATIONS_PER_USER_MAX_COUNT, IDEMPOTENCY_MIN_MS } from '@parley/protocol/limits';

/** An invitation is good for so long where its maker says nothing. */
export const INVITE_LIFETIME_S = 7 * 86_400;
/** It is kept for so long after that, so that a join that is asked again is still answered by membership. */
export const INVITE_KEPT_MS = IDEMPOTENCY_MIN_MS;
/** Others bring a user up to here; what is left of the limit is for what the user opens, so that nobody is locked out. */
export const CONVERSATIONS_BY_OTHERS_MAX_COUNT = CONVERSATIONS_PER_USER_MAX_COUNT * 0.9;
