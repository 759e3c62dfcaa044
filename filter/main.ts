import { registerRootContext } from "proxy-wasm-as";
import { PosternRootContext } from "./root-context";

export * from "proxy-wasm-as/exports";

registerRootContext((contextId) => new PosternRootContext(contextId));
