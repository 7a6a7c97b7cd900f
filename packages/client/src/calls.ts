// Calls that are no sends: asked again after a reconnect and after `retry: later`, until there is a final answer.
import { decodeUp } from '@parley/protocol/codec';
import type { Up } from '@parley/protocol/up';
import { BackOff } from './back-off.ts';
import { BATCH_MAX_BYTES, CALLS_MAX_COUNT } from './client-limits.ts';
import { deferred, type Deferred } from './deferred.ts';
import type { Environment, Timer } from './environment.ts';
import { byteLength } from './outbox.ts';
import { localError, ParleyError, type WireFault } from './parley-error.ts';
import type { Answer, Outcome, RequestTable } from './request-table.ts';
import { olderServer, versionOf } from './server-version.ts';

/** Frames that are not answered. */
type Notice = Extract<Up, { type: 'view' | 'typing' }>;
type Question = Exclude<Up, Notice | { type: 'hello' | 'heartbeat' | 'received' | 'send' }>;
type Call = {
  question: Question;
  answer: Deferred<Answer>;
  backOff: BackOff;
  asked: 'no' | 'yes' | Timer;
};

export class Calls {
  readonly #environment: Environment;
  readonly #requests: RequestTable;
  readonly #version: () => number;
  readonly #send: (frame: Up) => void;
  readonly #calls = new Set<Call>();
  #closed: ParleyError | undefined;

  constructor(options: {
    environment: Environment;
    requests: RequestTable;
    version: () => number;
    send: (frame: Up) => void;
  }) {
    this.#environment = options.environment;
    this.#requests = options.requests;
    this.#version = options.version;
    this.#send = options.send;
  }

  get closed(): boolean {
    return this.#closed !== undefined;
  }

  /** Whether there is a session, and its server knows frames of this type. */
  can(type: Up['type']): boolean {
    return this.#requests.online && this.#version() >= versionOf({ type });
  }

  /** Says what is never answered, now or not at all; returns whether it went out. Throws where it cannot be right. */
  tell(notice: { type: Notice['type'] } & Record<string, unknown>): boolean {
    const frame = checked(notice) as Notice;
    if (!this.can(frame.type)) return false;
    this.#send(frame);
    return true;
  }

  /** `frame` as on the wire, without `ref`. Rejects with a ParleyError when it is refused for good. */
  async ask<Type extends Answer['type']>(
    frame: { type: Question['type'] } & Record<string, unknown>,
    type: Type,
  ): Promise<Extract<Answer, { type: Type }>> {
    if (this.#closed !== undefined) throw this.#closed;
    const question = checked({ ...frame, ref: 0 }) as Question;
    if (this.#calls.size >= CALLS_MAX_COUNT) {
      throw localError('limit_reached', `At most ${CALLS_MAX_COUNT} calls may wait for an answer.`);
    }
    const backOff = new BackOff(this.#environment.randomness);
    const call: Call = { question, answer: deferred(), backOff, asked: 'no' };
    this.#calls.add(call);
    this.#start(call);
    const answer = await call.answer.promise;
    if (!isOf(answer, type))
      throw localError('unavailable', `The server answered ${frame.type} with ${answer.type}.`);
    return answer;
  }

  welcomed(): void {
    for (const call of this.#calls) this.#start(call);
  }

  close(error: ParleyError): void {
    this.#closed = error;
    for (const { answer, asked } of this.#calls) {
      if (typeof asked === 'object') asked.cancel();
      answer.reject(error);
    }
    this.#calls.clear();
  }

  #start(call: Call): void {
    if (call.asked !== 'no' || !this.#requests.online || !this.#calls.has(call)) return;
    const needed = versionOf(call.question);
    if (this.#version() < needed) {
      this.#calls.delete(call);
      call.answer.reject(olderServer(this.#version(), needed));
      return;
    }
    call.asked = 'yes';
    this.#requests.open({
      build: (ref) => ({ ...call.question, ref }),
      settle: (outcome) => this.#settle(call, outcome),
    });
  }

  #settle(call: Call, outcome: Outcome): void {
    switch (outcome.kind) {
      case 'answered':
        this.#calls.delete(call);
        call.answer.resolve(outcome.frame);
        return;
      case 'dropped':
        call.asked = 'no';
        return;
      case 'refused':
      case 'unreadable':
        if (outcome.fault.retry === 'later') {
          this.#pause(call, outcome.fault.retry_after_ms);
          return;
        }
        this.#calls.delete(call);
        call.answer.reject(this.#refusal(call.question, outcome.fault));
        return;
    }
  }

  /** A server that lies about its version, or a proxy that rewrote it: what it does not know, it is too old for. */
  #refusal(question: Question, fault: WireFault): ParleyError {
    if (fault.code !== 'unknown_frame') return new ParleyError(fault);
    return olderServer(this.#version(), versionOf(question));
  }

  #pause(call: Call, retryAfterMs: number | undefined): void {
    call.asked = this.#environment.timers.after(call.backOff.next(retryAfterMs), () => {
      call.asked = 'no';
      this.#start(call);
    });
  }
}

/** Refuses here, in the server's own words, what the server would refuse; a bad frame would count against the session. */
function checked(frame: Record<string, unknown>): Up {
  const text = JSON.stringify([frame]);
  if (byteLength(text) > BATCH_MAX_BYTES)
    throw localError('invalid_field', 'That is too large for one request.');
  const [decoded] = decodeUp(text);
  if (decoded?.kind === 'frame') return decoded.frame;
  throw decoded === undefined
    ? localError('malformed', 'There is nothing to ask.')
    : new ParleyError(decoded.fault);
}

function isOf<Type extends Answer['type']>(
  answer: Answer,
  type: Type,
): answer is Extract<Answer, { type: Type }> {
  return answer.type === type;
}
