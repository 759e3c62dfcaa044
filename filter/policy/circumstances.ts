import { HeaderMap } from "proxy-wasm-as/header-map";
import { Environment } from "../environment";
import { Subject } from "../identity/subject";
import { parseSourceAddress, SourceAddress } from "./source-address";

const MILLIS_PER_MINUTE: i64 = 60_000;
const MINUTES_PER_WEEK: i64 = 7 * 24 * 60;
/** The Unix epoch was a Thursday. */
const EPOCH_MINUTE: i64 = 3 * 24 * 60;

/** Everything that a grant can ask about: who, by which headers, from where, when. What costs a host call is read once, if ever. */
export class Circumstances {
  readonly nowSeconds: i64;
  /** Minute of the week, Monday 00:00 UTC is 0. */
  readonly minute: u32;
  private address: SourceAddress | null = null;

  constructor(
    public readonly subject: Subject,
    public readonly headers: HeaderMap,
    private readonly environment: Environment,
  ) {
    const now = environment.nowMillis();
    this.nowSeconds = now / 1000;
    this.minute = <u32>((now / MILLIS_PER_MINUTE + EPOCH_MINUTE) % MINUTES_PER_WEEK);
  }

  /** Address of the connection's other end. */
  get source(): SourceAddress {
    let address = this.address;
    if (address === null) {
      address = parseSourceAddress(this.environment.sourceAddress());
      this.address = address;
    }
    return address;
  }
}
