import { after, before } from "node:test";
import { makeIssuer, type TestIssuer } from "../harness/issuer.ts";
import { type RecordingUpstream, startRecordingUpstream } from "../harness/upstream.ts";
import { type Enforcement, startEnforcement } from "./enforcement.ts";
import { answer, type PlayedSidecar, playSidecar, type ScoreBehaviour } from "./played-sidecar.ts";

/** What the tests of a file have in common, from the first of them on: a gate before an upstream, and a sidecar that they play. */
export interface PlayedScene {
  policy: string;
  upstream: RecordingUpstream;
  gate: Enforcement;
  sidecar: PlayedSidecar;
}

/** The same with an issuer, named `shop`, of whose tokens the sidecar must verify the signature. */
export interface VerifyingScene extends PlayedScene {
  issuer: TestIssuer;
  /** Each lets a signature be verified that was asked about. */
  waiting: (() => void)[];
}

const VERIFIED = Buffer.from([8, 1]);

export function playedScene(policy: string, behave: ScoreBehaviour, workers = 1): PlayedScene {
  return lasting<PlayedScene>((scene) => begin(scene, policy, behave, workers));
}

/** `policyOf` gets the policy's part `identity`. */
export function verifyingScene(policyOf: (identity: string) => string, behave: ScoreBehaviour): VerifyingScene {
  return lasting<VerifyingScene>(async (scene) => {
    scene.issuer = await makeIssuer("https://issuer.shop.example", "shop", ["EdDSA"]);
    scene.waiting = [];
    const shop = `name: shop, issuer: "https://issuer.shop.example", audiences: [shop], algorithms: [EdDSA]`;
    const identity = `identity: { issuers: [{ ${shop}, jwks: { inline: ${scene.issuer.jwks} } }] }`;
    await begin(scene, policyOf(identity), behave, 1);
    scene.sidecar.verify = (stream) => scene.waiting.push(() => answer(stream, VERIFIED));
  });
}

async function begin(scene: PlayedScene, policy: string, behave: ScoreBehaviour, workers: number): Promise<void> {
  scene.policy = policy;
  scene.upstream = await startRecordingUpstream();
  scene.gate = await startEnforcement({ upstream: scene.upstream.url, policy, workers });
  scene.sidecar = await playSidecar(scene.gate.sidecarSocket, behave);
}

/** Is there with the first test of the file, and ends with the last one, as far as it has come. */
function lasting<Scene extends PlayedScene>(start: (scene: Scene) => Promise<void>): Scene {
  const scene = {} as Scene;
  before(() => start(scene), { timeout: 120_000 });
  after(async () => {
    const { upstream, gate, sidecar }: Partial<PlayedScene> = scene;
    await gate?.stop();
    await sidecar?.stop();
    await upstream?.stop();
  });
  return scene;
}
