// The callbacks that a filter's entry hands to the host: `export * from "proxy-wasm-as/exports";`.
import "./abort";

export * from "./dispatch";
