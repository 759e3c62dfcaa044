import { bytes, fillRandom, getProperty, setProperty } from "proxy-wasm-as";
import { encodeHex } from "../encoding/hex";
import { Evaluation } from "../evaluate";
import { Gate } from "../gate";
import { Effect, Reason, reasonRow, Verdict } from "../verdict";
import { encodeFinding, encodeRecord } from "./record";
import { Reporter } from "./reporter";

const RESPONSE_CODE = bytes("response\0code");
const RESPONSE_SIZE = bytes("response\0size");
const FILTER_STATE_DECISION = bytes("postern.decision");
const FILTER_STATE_EFFECT = bytes("postern.effect");
const FILTER_STATE_REASON = bytes("postern.reason");
const FILTER_STATE_ROUTE = bytes("postern.route");
const ID_BYTES = 16;
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
  /** Where its worst value stands, encoded; null: nowhere, or the decision is not made. */
  private finding: Uint8Array | null = null;
  private ended: Reason = Reason.Permitted;
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
    const finding = this.evaluation.evidence.finding;
    if (finding !== null) this.finding = encodeFinding(finding);
    this.evaluation.letGo();
    if (this.streamEnded) this.submit(verdict);
  }

  /** The gate ends the stream of a request that it had let through. */
  endEarly(reason: Reason): void {
    this.ended = reason;
  }

  /** Tells Envoy's access log; the stream must be the effective context. */
  publish(verdict: Verdict): void {
    setProperty(FILTER_STATE_DECISION, this.hex);
    setProperty(FILTER_STATE_EFFECT, verdict.effect == Effect.Deny ? DENY : PERMIT);
    setProperty(FILTER_STATE_REASON, reasonRow(verdict.reason).code);
    const route = this.evaluation.route;
    if (route !== null) setProperty(FILTER_STATE_ROUTE, route.name);
  }

  /** The stream is over; its response is read from Envoy's own account of it. */
  endStream(): void {
    if (this.streamEnded) return;
    this.streamEnded = true;
    this.status = <u32>numberProperty(RESPONSE_CODE);
    this.size = numberProperty(RESPONSE_SIZE);
    const verdict = this.verdict;
    if (verdict !== null) this.submit(verdict);
  }

  private submit(verdict: Verdict): void {
    const evaluation = this.evaluation;
    this.gate.metrics.count(evaluation, verdict);
    const sequence = this.reporter.nextSequence();
    const record = encodeRecord(
      sequence,
      this.id,
      this.arrivedMillis,
      evaluation,
      verdict,
      this.finding,
      this.status,
      this.size,
      this.ended,
    );
    this.reporter.submit(record, this.gate.environment.nowMillis());
  }
}

/** An integer property of Envoy: 8 bytes, little-endian; 0 where it is absent. */
function numberProperty(path: Uint8Array): u64 {
  const value = getProperty(path);
  return value !== null && value.length == 8 ? load<u64>(value.dataStart) : 0;
}
