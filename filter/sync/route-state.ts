import { ProtobufReader } from "../encoding/protobuf";

const LAST_RUNG: u64 = 3;
const MILLION: u64 = 1_000_000;
const SALT_BYTES: i32 = 16;

/** `postern.v1.RouteState`: where a route stands that has moved. */
export class RouteState {
  name: Uint8Array = new Uint8Array(0);
  /** The policy's own rung when the route moved. */
  mode: u8 = 0;
  rung: u8 = 0;
  /** The rung of the principals inside the canary. */
  canaryRung: u8 = 0;
  /** Of the principals inside, millionths. */
  canaryShare: u32 = 0;
  /** Empty: there is no canary. */
  canarySalt: Uint8Array = new Uint8Array(0);
  /** The model's threshold on `adapt`, millionths; 0: as shipped. */
  modelDeny: u32 = 0;

  /** null: malformed, or a number out of its range. */
  static decode(message: Uint8Array): RouteState | null {
    const state = new RouteState();
    const reader = new ProtobufReader(message);
    let sound = true;
    for (let field = reader.next(); field != 0; field = reader.next()) {
      if (field == 1) state.name = reader.content;
      else if (field == 4) sound = state.takeCanary(reader.content) && sound;
      else if (field == 2 || field == 3) {
        sound = sound && reader.value <= LAST_RUNG;
        if (field == 2) state.mode = <u8>reader.value;
        else state.rung = <u8>reader.value;
      } else if (field == 5) {
        sound = sound && reader.value <= MILLION;
        state.modelDeny = <u32>reader.value;
      }
    }
    return sound && !reader.malformed && state.name.length > 0 ? state : null;
  }

  get hasCanary(): bool {
    return this.canarySalt.length > 0;
  }

  private takeCanary(message: Uint8Array): bool {
    const reader = new ProtobufReader(message);
    let rung: u64 = 0;
    let share: u64 = 0;
    for (let field = reader.next(); field != 0; field = reader.next()) {
      if (field == 1) rung = reader.value;
      else if (field == 2) share = reader.value;
      else if (field == 3) this.canarySalt = reader.content;
    }
    this.canaryRung = <u8>rung;
    this.canaryShare = <u32>share;
    return !reader.malformed && rung <= LAST_RUNG && share <= MILLION && this.canarySalt.length == SALT_BYTES;
  }
}
