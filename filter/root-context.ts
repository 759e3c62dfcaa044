import { bytes, getPluginConfiguration, HttpContext, LogLevel, log, RootContext, setTickPeriod } from "proxy-wasm-as";
import { EnvoyEnvironment } from "./enforcement/envoy-environment";
import { endRevokedStreams, meetDeadlines } from "./enforcement/stream-deadline";
import { Gate } from "./gate";
import { PosternHttpContext } from "./http-context";
import { proofSecret } from "./identity/proof-secret";
import { refreshAlarm } from "./limits/alarm";
import { PluginConfiguration } from "./plugin-configuration";
import { CompiledPolicy, compiledLength } from "./policy/compiled-policy";
import { flushCounters } from "./report/metrics";
import { moduleDigest } from "./report/module-digest";
import { Reporter } from "./report/reporter";
import { bundleDigest, screenReady } from "./screen/screen";
import { endOverdueCalls } from "./sidecar-call";
import { chooseSidecarCluster } from "./sidecar-cluster";
import { MemoryUse } from "./sync/memory-use";
import { Synchronisation } from "./sync/synchronisation";

const TICK_MILLIS: u32 = 100;

/** One for each VM, whatever policies come and go: the sequence of a worker has no second beginning. */
const reporter = new Reporter(moduleDigest());
/** One for each VM as well: no policy begins without the state that is known. */
const synchronisation = new Synchronisation(reporter.worker, new EnvoyEnvironment(), bundleDigest());
const memory = new MemoryUse(new EnvoyEnvironment());

/** Contexts of this VM that have a policy. */
let living: i32 = 0;
/** The newest of them, which asks for the state: what another one has asked for ends, untold, when Envoy lets go of it. */
let asking: PosternRootContext | null = null;

/** Takes the compiled policy; ticks. A configuration that it refuses leaves the last good one in force. */
export class PosternRootContext extends RootContext {
  private readonly environment: EnvoyEnvironment = new EnvoyEnvironment();
  private gate: Gate | null = null;

  onConfigure(_size: i32): bool {
    if (!screenReady()) return refuse("this module has no screen weights: it was not built by `postern`");
    const given = PluginConfiguration.read(getPluginConfiguration());
    if (given === null) return refuse('configuration refused: expected {"policy": BASE64, "sidecarCluster": NAME}');
    chooseSidecarCluster(given.sidecarCluster);
    // The compiled policy, and after it the state that was last known when it was written.
    const configuration = given.policy;
    const length = compiledLength(configuration);
    const policy = CompiledPolicy.decode(configuration.subarray(0, length));
    if (policy === null) return refuse(`policy refused: ${CompiledPolicy.refusal}`);
    // From here on proofs are remembered: those made before could have been used.
    proofSecret(this.environment);
    synchronisation.begin(configuration.subarray(length));
    if (this.gate === null) living++;
    this.leaveGate();
    const gate = new Gate(policy, this.environment, synchronisation);
    memory.follow(gate.tokens, gate.assertions);
    this.gate = gate;
    asking = this;
    setTickPeriod(TICK_MILLIS);
    return true;
  }

  onTick(): void {
    const now = this.environment.nowMillis();
    endOverdueCalls(now);
    meetDeadlines(now);
    reporter.flushIfDue(now);
    reporter.endOverdueWaits(now);
    const gate = this.gate;
    if (gate !== null && asking === null) {
      asking = this;
      synchronisation.askAnew();
    }
    if (gate !== null && asking === this) synchronisation.ask(gate.policy.digest, memory, now);
    endRevokedStreams(synchronisation.state.revocations);
    flushCounters();
    if (gate !== null && gate.policy.limits !== null) refreshAlarm(this.environment);
    const lost = reporter.takeNewlyLost();
    if (gate !== null && lost > 0) gate.metrics.countLost(lost);
  }

  /** Its streams have ended and another configuration is in force: where that has another module, this VM ends. */
  onDelete(): void {
    this.leaveGate();
    if (asking === this) asking = null;
    if (this.gate !== null && --living == 0) reporter.bequeath();
  }

  createHttpContext(contextId: u32): HttpContext {
    // Envoy creates no stream on a root context whose configuration was refused.
    return new PosternHttpContext(contextId, this.gate!, reporter);
  }

  private leaveGate(): void {
    const gate = this.gate;
    if (gate !== null) memory.leave(gate.tokens);
  }
}

function refuse(why: string): bool {
  log(LogLevel.Error, bytes(`postern: ${why}`));
  return false;
}
