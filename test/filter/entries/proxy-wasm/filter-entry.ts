// A filter whose behaviour a request chooses by its path: the tests of `proxy-wasm-as` drive it through Envoy.
import { registerRootContext } from "proxy-wasm-as";
import { ProbeRoot } from "./root-entry";

export * from "proxy-wasm-as/exports";

registerRootContext((contextId: u32) => new ProbeRoot(contextId));
