/** A call-out that is under way. */
export abstract class PendingCall {
  /** The host's id of it; 0: not pending. */
  token: u32 = 0;
  /** The root context that it belongs to. */
  rootContextId: u32 = 0;
}

/** The calls of one kind that wait for the host, by token. */
export class PendingCalls<T extends PendingCall> {
  private readonly calls: Map<u32, T> = new Map<u32, T>();

  add(token: u32, rootContextId: u32, call: T): void {
    call.token = token;
    call.rootContextId = rootContextId;
    this.calls.set(token, call);
  }

  /** The call of a token, or null. */
  find(token: u32): T | null {
    return this.calls.has(token) ? this.calls.get(token) : null;
  }

  /** The call of a token, no longer pending, or null. */
  take(token: u32): T | null {
    if (!this.calls.has(token)) return null;
    const call = this.calls.get(token);
    this.calls.delete(token);
    call.token = 0;
    return call;
  }

  /** Forgets what belongs to a root context: the host drops its calls without a word when it is deleted. */
  forget(rootContextId: u32): void {
    const calls = this.calls.values();
    for (let index = 0; index < calls.length; index++) {
      const call = unchecked(calls[index]);
      if (call.rootContextId == rootContextId) this.take(call.token);
    }
  }
}
