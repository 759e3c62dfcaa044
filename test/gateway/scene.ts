import { after, before } from "node:test";
import { startTestGateway, type TestGateway, type TestGatewayOptions } from "../harness/gateway.ts";
import { makeIssuer, type TestAlgorithm, type TestIssuer } from "../harness/issuer.ts";
import { type RecordingUpstream, startRecordingUpstream } from "../harness/upstream.ts";

/** What the tests of a file have in common, from the first of them on: a gateway before an upstream. */
export interface GatewayScene {
  upstream: RecordingUpstream;
  gateway: TestGateway;
}

/** The same with an issuer, `https://issuer.shop.example`, whose audience is `orders`. */
export interface IssuingScene extends GatewayScene {
  issuer: TestIssuer;
}

type Options = Omit<TestGatewayOptions, "upstream">;

export function gatewayScene(options: Options): GatewayScene {
  return lasting<GatewayScene>((scene) => begin(scene, options));
}

/** What the issuer publishes is `jwks.json` beside the policy, and what it shares is `shared.key`. */
export function issuingScene(options: Options, algorithms?: readonly TestAlgorithm[]): IssuingScene {
  return lasting<IssuingScene>(async (scene) => {
    scene.issuer = await makeIssuer("https://issuer.shop.example", "orders", algorithms);
    const files = { ...options.files, "jwks.json": scene.issuer.jwks, "shared.key": scene.issuer.secret };
    await begin(scene, { ...options, files });
  });
}

async function begin(scene: GatewayScene, options: Options): Promise<void> {
  scene.upstream = await startRecordingUpstream();
  scene.gateway = await startTestGateway({ ...options, upstream: scene.upstream.url });
}

/** Is there with the first test of the file, and ends with the last one, as far as it has come. */
function lasting<Scene extends GatewayScene>(start: (scene: Scene) => Promise<void>): Scene {
  const scene = {} as Scene;
  before(() => start(scene), { timeout: 240_000 });
  after(async () => {
    const { upstream, gateway }: Partial<GatewayScene> = scene;
    await gateway?.stop();
    await upstream?.stop();
  });
  return scene;
}
