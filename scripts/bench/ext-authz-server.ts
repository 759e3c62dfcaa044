import { serveRaw } from "./raw-server.ts";

// Permits every request without even decoding it: what remote authorisation costs before it has done anything.

/** `CheckResponse` with status 0, OK. */
const permitted = Buffer.from([0x0a, 0x00]);

serveRaw("unary", { "/envoy.service.auth.v3.Authorization/Check": permitted });
