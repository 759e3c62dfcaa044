import { setFlagsFromString } from "node:v8";

// Of the 14 MB of WebAssembly of onnxruntime-web a small model uses little. Compiled when first called, and optimised only
// where it is hot, it is ready in half the time and half the CPU, and answers as fast. Must be set before it is loaded.
setFlagsFromString("--wasm-lazy-compilation");
setFlagsFromString("--wasm-tiering-budget=20000000");
