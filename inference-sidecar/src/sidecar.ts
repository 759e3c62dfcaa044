import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { MethodDefinition, ServiceDefinition } from "@grpc/grpc-js";
import { AdminServer } from "./admin/admin-server.ts";
import { Admission } from "./admission.ts";
import { Assertions } from "./assertion/assertions.ts";
import { signHandler } from "./assertion/sign.ts";
import type { Bundle } from "./bundle.ts";
import type { Configuration } from "./config.ts";
import { pageAssets } from "./dashboard/page.ts";
import { RecentDecisions } from "./dashboard/recent.ts";
import { routeBoard } from "./dashboard/route-board.ts";
import { Dashboard } from "./dashboard/server.ts";
import { EndedWorkers } from "./decision-log/ended-workers.ts";
import { makeLogDirectory } from "./decision-log/log-file.ts";
import { loadPseudonym } from "./decision-log/pseudonym.ts";
import { recoverLog } from "./decision-log/recover.ts";
import { SealedLog } from "./decision-log/sealed-log.ts";
import { WorkerSequences } from "./decision-log/sequences.ts";
import { loadSigningKey } from "./decision-log/signing-key.ts";
import { openEvidence } from "./evidence/evidence.ts";
import type { Authority } from "./ext-authz/authority.ts";
import { Health } from "./health.ts";
import { IssuerKeys } from "./keys/issuer-keys.ts";
import { openLadder } from "./ladder/open-ladder.ts";
import { removeLeftovers } from "./leftovers.ts";
import { describeConfiguration } from "./maturity/configuration.ts";
import { createMetrics, type Metrics, observeGauge, observeMemory } from "./metrics.ts";
import { BundleStore } from "./models/bundle-store.ts";
import { modelCommands } from "./models/model-commands.ts";
import { Models } from "./models/models.ts";
import { leaveOffer } from "./offer.ts";
import { readCalibration } from "./policy/calibration.ts";
import { PolicySource } from "./policy-source.ts";
import { logEvent } from "./process-log.ts";
import { PROTOCOL } from "./protocol.ts";
import { reportHandler } from "./report.ts";
import { Revocations } from "./revocation/revocations.ts";
import { revokeCommands } from "./revocation/revoke-commands.ts";
import { scoreHandler } from "./score.ts";
import { SelfTest } from "./self-test/self-test.ts";
import { Standing } from "./self-test/standing.ts";
import { type Service, SidecarServer } from "./server.ts";
import { prepareSocketPath, withSocketMode } from "./socket.ts";
import { watchSockets } from "./socket-watch.ts";
import { StartError } from "./start-error.ts";
import { lockState } from "./state-lock.ts";
import { Store } from "./store/store.ts";
import { syncHandler } from "./sync/sync.ts";
import { SyncWorkers } from "./sync/sync-workers.ts";
import { SyncedState } from "./sync/synced-state.ts";
import { verifyHandler } from "./verify.ts";
import { EXT_AUTHZ_NAME, loadService, SERVICE_NAME, syncEncoder } from "./wire.ts";

export interface Sidecar {
  /** Resolves, with its path, when one of its sockets was taken away: nobody can reach it any more. */
  readonly socketGone: Promise<string>;
  /** Takes no more calls, finishes those in flight within `drainMs`, closes the log; the socket is gone then. */
  stop(): Promise<void>;
}

/** A request of Sync has five small fields. */
const SYNC_MESSAGE_BYTES = 1024;
/** Each route is tested so often: what goes wrong shows within twice the time. */
const SELF_TEST_ROUND_MS = 45_000;

/**
 * Puts the parts together: the model loads while everything else starts.
 * @param folder holds what the bundle reads at run time (scripts/build/sidecar.ts)
 * @throws StartError
 */
export async function startSidecar(configuration: Configuration, folder: URL): Promise<Sidecar> {
  const { socketPath, adminSocketPath, stateDirectory, limits } = configuration;
  const metrics = createMetrics();
  const unlock = await lockState(stateDirectory);
  const folders = ["", "run", "keys", "log", "models"].map((name) => join(stateDirectory, name));
  await removeLeftovers([...folders, dirname(socketPath)]);
  await prepareSocketPath(socketPath, stateDirectory);
  await prepareSocketPath(adminSocketPath, stateDirectory);
  const { address } = configuration.dashboard;
  if ("socketPath" in address) await prepareSocketPath(address.socketPath, stateDirectory);
  const health = new Health(SERVICE_NAME);
  const models = await Models.open({
    store: new BundleStore(stateDirectory),
    shippedDirectory: configuration.bundleDirectory,
    worker: new URL("model-worker.mjs", folder),
    limits,
    metrics,
    onReady: (ready) => {
      metrics.modelReady.set(ready ? 1 : 0);
      health.setModelReady(ready);
    },
  });
  const decisions = await openLog(configuration, metrics);
  const admission = new Admission(limits.scoreCallsInFlight, limits.windowsInFlight);
  observeGauge(metrics, "queued_calls", "Score calls that wait for the model.", () => models.queued);
  observeGauge(
    metrics,
    "score_calls_in_flight",
    "Score calls admitted and not yet answered.",
    () => admission.callsInFlight,
  );
  const recent = new RecentDecisions();
  const isIdle = () => models.inForce.ready && models.queued === 0 && admission.callsInFlight === 0;
  const evidence = await openEvidence({ configuration, models, metrics, isIdle });

  const service = loadService(fileURLToPath(new URL("postern.proto", folder)), {
    Score: limits.scoreMessageBytes,
    Report: limits.reportMessageBytes,
    Sync: SYNC_MESSAGE_BYTES,
    Verify: limits.verifyMessageBytes,
    Sign: limits.signMessageBytes,
  });
  // Beside the service's socket lies what else this process and the gateway tell each other.
  const exchange = dirname(socketPath);
  await leaveOffer(exchange, { protocol: PROTOCOL, bundles: models.stored });
  const policies = await PolicySource.open(configuration.policyFile);
  const store = await Store.open(stateDirectory);
  const synced = new SyncedState(syncEncoder(service), join(exchange, "sync-state.bin"));
  const ended = new EndedWorkers(decisions.log, decisions.sequences);
  const workers = new SyncWorkers((worker) => ended.heard(worker));
  const { ladder, commands } = await openLadder({
    store,
    log: decisions.log,
    stateDirectory,
    synced,
    workers,
    policies,
    models,
  });
  models.follow(() => ladder.judgedAnew());
  const keys = new IssuerKeys({
    table: store.table("keys"),
    egressDirectory: configuration.egressDirectory,
    publish: (issuers) => synced.set("keys", issuers),
    onAttempt: (issuer, outcome) => metrics.keyFetches.inc({ issuer, outcome }),
  });
  const revocations = new Revocations(store.table("revocations"), (list) => synced.set("revocations", list));
  await policies.follow((policy) => keys.follow(policy));
  await policies.follow((policy) => revocations.follow(policy));
  await store.wasRead();
  const assertions = new Assertions(stateDirectory);
  await policies.follow(({ policy }) => assertions.follow(policy.assertion !== null));
  observeMemory(metrics, () => workers.memory);
  observeGauge(metrics, "revocations", "Revocations in force.", () => revocations.size);
  observeGauge(metrics, "revocation_file_age_seconds", "Age of the file of revocations.", () => revocations.ageSeconds);
  const admin = new AdminServer({
    ...commands,
    ...modelCommands(models),
    // The core that decides for ext_authz knows no revocations: none is taken that would have no effect.
    ...(configuration.extAuthz === null
      ? revokeCommands(
          revocations,
          (millis) => workers.untilAllHave(synced.version, millis),
          () => policies.current,
          (issuer) => keys.kidsOf(issuer),
        )
      : {}),
  });
  await policies.follow(({ policy, digest }) =>
    decisions.log.declare(timed({ configuration: describeConfiguration(policy, digest) })),
  );
  const standing = new Standing(metrics, (alert) => recent.warn(alert));
  const selfTest = new SelfTest({
    socketPath: configuration.selfTestSocketPath,
    roundMs: SELF_TEST_ROUND_MS,
    policy: () => policies.current,
    standingOf: (route) => {
      const record = ladder.get(route)?.record;
      return record ? { rung: record.rung, since: new Date(record.evidence.since) } : null;
    },
    isKeyKnown: () => {
      const { workers: all, current } = workers.count(synced.version);
      return all > 0 && all === current;
    },
    onOutcome: (outcome) => standing.take(outcome),
    record: (outcome) => decisions.log.append([timed({ selfTest: outcome })], () => undefined),
  });
  // Also without room on the disk: the workers have it.
  await synced.set("selfTestKey", selfTest.key).catch(() => undefined);
  await policies.follow(async () => selfTest.policyChanged());
  const score = scoreHandler({ limits, models, admission, metrics });
  let authority: Awaited<ReturnType<typeof authorityOf>> = null;
  const report = reportHandler({
    ...decisions,
    recordsMost: limits.recordsPerReport,
    admission: new Admission(limits.reportCallsInFlight),
    metrics,
    evidence: evidence.intake,
    models,
    subjects: () => authority?.subjects() ?? policies.current?.policy.subjects ?? "pseudonymised",
    onWritten: (lines, written) => {
      recent.add(lines, written);
      for (const { decided } of lines) if (decided !== null) ladder.count(decided);
    },
  });
  const handlers = {
    Score: score,
    Report: report,
    Verify: verifyHandler(new Admission(limits.verifyCallsInFlight)),
    Sign: signHandler(new Admission(limits.signCallsInFlight), async () => {
      // A filter may have a policy that asks for the first assertions before this process has seen it.
      if (assertions.keys === null) await policies.refresh();
      return assertions.keys;
    }),
    Sync: syncHandler(synced, workers, models, (issuer, kid) => keys.find(issuer, kid)),
  };
  authority = await authorityOf(configuration, folder, {
    bundle: models.inForce.bundle,
    assertions,
    score,
    report,
    service,
  });
  const server = new SidecarServer({
    services: [{ definition: service, handlers }, ...(authority ? [authority.service] : [])],
    health,
    messageBytes: limits.reportMessageBytes,
    metrics,
  });
  const assets = await pageAssets(folder);
  const routes = routeBoard(ladder, standing);
  const dashboard = new Dashboard({
    ...configuration.dashboard,
    assets,
    recent,
    routes,
    metrics: metrics.registry,
    assertionKeys: () => assertions.keys?.published ?? { keys: [] },
  });
  const origin = await dashboard.listen();
  await admin.listen(adminSocketPath);
  await withSocketMode(socketPath, () => server.listen(socketPath));
  ended.watch();
  selfTest.start();
  logEvent("info", "listening", { socket: socketPath, dashboard: origin, bundle: models.inForce.digest });

  let unwatch = () => {};
  const socketGone = new Promise<string>((gone) => {
    unwatch = watchSockets([socketPath, adminSocketPath], gone);
  });
  return {
    socketGone,
    async stop() {
      unwatch();
      health.setDraining();
      synced.close();
      await selfTest.stop();
      ended.close();
      keys.close();
      await Promise.all([
        server.drain(limits.drainMs),
        admin.close(),
        policies.close(),
        revocations.close(),
        assertions.close(),
      ]);
      await ladder.close();
      await authority?.close();
      await Promise.all([decisions.log.close(), evidence.close(), dashboard.close(), models.close(), store.close()]);
      await unlock();
    },
  };
}

/** Loaded only where it is configured: it reads policies by itself. */
async function authorityOf(
  { extAuthz, limits, bundleDirectory }: Configuration,
  folder: URL,
  { bundle, assertions, score, report, service }: AuthorityNeeds,
): Promise<(Pick<Authority, "subjects" | "close"> & { service: Service }) | null> {
  if (extAuthz === null) return null;
  const { startAuthority } = await import("./ext-authz/authority.ts");
  const { requestDeserialize } = service.Report as MethodDefinition<Parameters<typeof report>[0], object>;
  const authority = await startAuthority({
    ...extAuthz,
    bundle,
    assertions,
    calibration: await readCalibration(bundleDirectory),
    score,
    admission: new Admission(limits.checkCallsInFlight),
    report: (message) =>
      report(requestDeserialize(message), { signal: new AbortController().signal, deadline: Number.POSITIVE_INFINITY }),
  });
  const protoPath = fileURLToPath(new URL("ext-authz.proto", folder));
  const definition = loadService(protoPath, { Check: limits.reportMessageBytes }, EXT_AUTHZ_NAME);
  return { ...authority, service: { definition, handlers: { Check: authority.check } } };
}

interface AuthorityNeeds {
  readonly bundle: Bundle;
  readonly assertions: Assertions;
  readonly score: ReturnType<typeof scoreHandler>;
  readonly report: ReturnType<typeof reportHandler>;
  readonly service: ServiceDefinition;
}

/** A line of the log that is of now. */
function timed(content: object): object {
  return { v: 1, time: new Date().toISOString(), ...content };
}

async function openLog({ stateDirectory, log }: Configuration, metrics: Metrics) {
  try {
    const directory = await makeLogDirectory(stateDirectory);
    const sequences = new WorkerSequences();
    const recovered = await recoverLog(directory, sequences);
    const key = await loadSigningKey(stateDirectory);
    if (key.replaces !== null) logEvent("warn", "log_key_replaced", { former: key.replaces, key: key.id });
    const onUpkeepFailed = ({ message }: Error) => {
      metrics.logErrors.inc();
      logEvent("error", "decision_log_upkeep_failed", { message });
    };
    const sealed = new SealedLog({ ...log, ...recovered, directory, key, sequences, onUpkeepFailed });
    return { sequences, pseudonym: await loadPseudonym(stateDirectory), log: sealed };
  } catch (error) {
    if (error instanceof StartError) throw error;
    throw new StartError("state_directory", `${stateDirectory}: ${(error as Error).message}`);
  }
}
