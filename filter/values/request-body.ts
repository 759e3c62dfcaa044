/** A body, and what its head and its route say of it. */
export class RequestBody {
  constructor(
    /** Empty: none is given. */
    public readonly contentType: Uint8Array,
    /** In the order in which they were applied (`Decoding`); null: not all are known. */
    public readonly codings: u8[] | null,
    /** Of its single messages, where it has any (`Decoding`); -1: it is not known. */
    public readonly messageCoding: i32,
    public readonly bytes: Uint8Array,
    /** There was more, which was not kept. */
    public readonly isCut: bool,
    /** Bytes of the inflated body that are inspected. */
    public readonly limit: i32,
    /** Whether one that is larger is judged by its first bytes. */
    public readonly judgedByPrefix: bool,
  ) {}
}
