import { RevocationList } from "../policy/revocation-list";

/** Whose stream must not go on for ever. */
export interface BoundStream {
  /** Called once, by the tick, on the root context. */
  onDeadline(): void;
  /** Whether what the stream was opened with is revoked by now. */
  isRevokedBy(list: RevocationList): bool;
  /** The stream is to end. Called once, as `onDeadline`. */
  onRevoked(): void;
}

/** The deadlines of this VM's live streams, in no order. */
const pending: StreamDeadline[] = [];

/** The time at which a stream must end, kept while the stream lives. */
export class StreamDeadline {
  private place: i32;

  constructor(
    private readonly stream: BoundStream,
    /** Unix milliseconds. */
    private readonly atMillis: i64,
  ) {
    this.place = pending.length;
    pending.push(this);
  }

  /** The stream is over, or its deadline was met. */
  cancel(): void {
    const place = this.place;
    if (place < 0) return;
    const last = pending.pop();
    if (last !== this) {
      pending[place] = last;
      last.place = place;
    }
    this.place = -1;
  }

  endIfRevoked(list: RevocationList): void {
    if (!this.stream.isRevokedBy(list)) return;
    this.cancel();
    this.stream.onRevoked();
  }

  /** Ends the stream if it is due. */
  meet(nowMillis: i64): void {
    if (nowMillis < this.atMillis) return;
    this.cancel();
    this.stream.onDeadline();
  }
}

/** Run by the tick, whose period is the resolution. */
export function meetDeadlines(nowMillis: i64): void {
  // From the end: the one that takes a cancelled one's place was looked at already.
  for (let i = pending.length - 1; i >= 0; i--) if (i < pending.length) pending[i].meet(nowMillis);
}

let lookedThrough: RevocationList = RevocationList.NONE;

/** Run by the tick: looks through the live streams once for each list. */
export function endRevokedStreams(list: RevocationList): void {
  if (list === lookedThrough) return;
  lookedThrough = list;
  for (let i = pending.length - 1; i >= 0; i--) if (i < pending.length) pending[i].endIfRevoked(list);
}
