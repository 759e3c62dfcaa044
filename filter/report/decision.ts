import { bytes, fillRandom, setProperty } from "proxy-wasm-as";
import { encodeHex } from "../encoding/hex";
import { Evaluation } from "../evaluate";
import { Gate } from "../gate";
import { Effect, reasonRow, Verdict } from "../verdict";
import { encodeRecord } from "./record";
import { Reporter } from "./reporter";

const FILTER_STATE_DECISION = bytes("postern.decision");
const FILTER_STATE_EFFECT = bytes("postern.effect");
const FILTER_STATE_REASON = bytes("postern.reason");
const FILTER_STATE_ROUTE = bytes("postern.route");
const ID_BYTES = 16;
const STATUS_DIGITS = 3;
const DIGIT_ZERO: u32 = 0x30;
const PERMIT = bytes("permit");
const DENY = bytes("deny");

/**
 * One decision on its way into the record: it is complete when the stream has ended and its evidence is all there.
 * Either may come first: in `observe` and `detect` nothing waits for a score.
 */
export class Decision {
  /** 128 random bits, in lower-case hexadecimal. */
  readonly hex: Uint8Array;
  private readonly id: Uint8Array;
  private verdict: Verdict | null = null;
  private streamEnded: bool = false;
  private status: u32 = 0;
  private size: u64 = 0;

  constructor(
    public readonly evaluation: Evaluation,
    private readonly gate: Gate,
    private readonly reporter: Reporter,
    private readonly arrivedMillis: i64,
  ) {
    const id = new Uint8Array(ID_BYTES);
    fillRandom(id);
    this.id = id;
    this.hex = encodeHex(id);
  }

  get isMade(): bool {
    return this.verdict !== null;
  }

  /** Makes the decision, once. */
  make(verdict: Verdict): void {
    if (this.verdict !== null) return;
    this.verdict = verdict;
    if (this.streamEnded) this.submit(verdict);
  }

  /** Tells Envoy's access log; the stream must be the effective context. */
  publish(verdict: Verdict): void {
    setProperty(FILTER_STATE_DECISION, this.hex);
    setProperty(FILTER_STATE_EFFECT, verdict.effect == Effect.Deny ? DENY : PERMIT);
    setProperty(FILTER_STATE_REASON, reasonRow(verdict.reason).code);
    const route = this.evaluation.route;
    if (route !== null) setProperty(FILTER_STATE_ROUTE, route.name);
  }

  /** The response has begun; `status` as in `:status`. */
  respond(status: Uint8Array): void {
    this.status = 0;
    for (let i = 0; i < status.length && i < STATUS_DIGITS; i++) {
      this.status = this.status * 10 + (<u32>unchecked(status[i]) - DIGIT_ZERO);
    }
  }

  /** So many more bytes of the response's body go to the client. */
  addResponseBytes(count: i32): void {
    this.size += <u64>count;
  }

  /** The stream is over. */
  endStream(): void {
    if (this.streamEnded) return;
    this.streamEnded = true;
    const verdict = this.verdict;
    if (verdict !== null) this.submit(verdict);
  }

  private submit(verdict: Verdict): void {
    const evaluation = this.evaluation;
    this.gate.metrics.count(evaluation, verdict);
    const sequence = this.reporter.nextSequence();
    const record = encodeRecord(sequence, this.id, this.arrivedMillis, evaluation, verdict, this.status, this.size);
    this.reporter.submit(record, this.gate.environment.nowMillis());
  }
}
