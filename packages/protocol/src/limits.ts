// Every limit of the wire contract, by name, with its unit last. PROTOCOL.md lists them.

/** A WebSocket message of a client may be this large; a larger one closes the socket. */
export const MESSAGE_SIZE_MAX_BYTES = 65_536;
/** Frames in one WebSocket message from a client. */
export const MESSAGE_FRAMES_MAX_COUNT = 256;
/** Messages in one `send` frame. */
export const SEND_MESSAGES_MAX_COUNT = 64;
/** A text message's length in UTF-16 code units, as JavaScript's `length` counts. */
export const TEXT_MAX_UNITS = 8_000;
/** Attachments of one message. */
export const ATTACHMENTS_MAX_COUNT = 10;
/** An attachment's name, in UTF-16 code units. */
export const ATTACHMENT_NAME_MAX_UNITS = 255;
/** An attachment's media type, such as image/png. */
export const MEDIA_TYPE_MAX_CHARS = 100;
/** Users that one message mentions by name. */
export const MENTIONS_MAX_COUNT = 50;
/** A reaction's emoji, in UTF-16 code units. */
export const EMOJI_MAX_UNITS = 32;
/** Different reactions to one message. */
export const REACTION_KINDS_MAX_COUNT = 50;
/** Edits of one message. */
export const EDITS_MAX_COUNT = 100;
/** Entries that one `pull` may ask for. */
export const PULL_ENTRIES_MAX_COUNT = 1_000;
/** The server ends an answer to `pull` early past this size; `through` says how far it got. */
export const PULL_ANSWER_MAX_BYTES = 262_144;
/** Marks in one `received` frame. */
export const RECEIVED_MARKS_MAX_COUNT = 256;
/** Rows in one `heads` frame. */
export const HEADS_ROWS_MAX_COUNT = 256;
/** Rows in one page of conversations or members. */
export const PAGE_ROWS_MAX_COUNT = 200;
/** Users that one `find_users`, `create_group` or `add_members` may name. */
export const USERS_PER_FRAME_MAX_COUNT = 200;
/** Members of a group. */
export const GROUP_MEMBERS_MAX_COUNT = 10_000;
/** Conversations that one session has open at once (`view`). */
export const VIEWED_CONVERSATIONS_MAX_COUNT = 16;
/** Users that one user watches. */
export const CONTACTS_MAX_COUNT = 1_000;
/** Users that one user blocks. */
export const BLOCKED_USERS_MAX_COUNT = 1_000;
/** Invitations of one group that still let somebody in. */
export const INVITES_MAX_COUNT = 100;
/** Users that one invitation may let in, where it says how many. */
export const INVITE_USES_MAX_COUNT = 10_000;
/** An invitation is good for at most this long. */
export const INVITE_LIFETIME_MAX_S = 30 * 86_400;
/** The longest wait between two messages of a member in slow mode. */
export const SLOW_MODE_MAX_S = 21_600;
/** Entries in one report. */
export const REPORT_ENTRIES_MAX_COUNT = 20;
/** A report's note, in UTF-16 code units. */
export const REPORT_NOTE_MAX_UNITS = 1_000;
/** Rows of deliveries, and of readers, in one timeline. */
export const TIMELINE_ROWS_MAX_COUNT = 1_000;
/** Members up to which a group has typing signals and pushed receipts. */
export const LIVELY_MEMBERS_MAX_COUNT = 100;
/** Conversations of one user. */
export const CONVERSATIONS_PER_USER_MAX_COUNT = 10_000;
/** Devices of one user. */
export const DEVICES_PER_USER_MAX_COUNT = 50;
/** A group's title, in UTF-16 code units. */
export const TITLE_MAX_UNITS = 120;
/** A user's name, in characters. */
export const USER_NAME_MAX_CHARS = 32;
/** A device's name, in UTF-16 code units. */
export const DEVICE_NAME_MAX_UNITS = 64;
/** A password, in UTF-16 code units. */
export const PASSWORD_MIN_UNITS = 8;
export const PASSWORD_MAX_UNITS = 256;
/** A token in `hello`, Parley's own or a JWT. */
export const TOKEN_MAX_CHARS = 8_192;
/** Requests of one session that the server has not answered yet; one more closes the socket. */
export const REQUESTS_IN_FLIGHT_MAX_COUNT = 1_024;

/** The first frame must be `hello`, within this time. */
export const HELLO_WITHIN_MS = 5_000;
/** A client sends `heartbeat` this often when it sent nothing else. */
export const HEARTBEAT_INTERVAL_MS = 5_000;
/** A session that was silent for this long is closed, so that every watcher knows by 15 s. */
export const HEARTBEAT_MISSING_MS = 12_000;
/** The server sends something at least this often; a client that heard nothing for twice as long reconnects. */
export const BEAT_INTERVAL_MS = 20_000;
/** The same client_msg_id gets the same answer for at least this long. */
export const IDEMPOTENCY_MIN_MS = 24 * 3_600_000;
/** A client says `typing` at most this often a conversation; what comes sooner is ignored. */
export const TYPING_INTERVAL_MS = 3_000;
/** Who said `typing` is shown as writing for this long. */
export const TYPING_SHOWN_MS = 6_000;
