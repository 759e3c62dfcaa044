import { registerRootContext } from "proxy-wasm-as";
import { PosternRootContext } from "./root-context";

// Only what is listened to: each callback of a stream costs about a microsecond, whatever it does.
export {
  proxy_abi_version_0_2_1,
  proxy_on_configure,
  proxy_on_context_create,
  proxy_on_delete,
  proxy_on_grpc_close,
  proxy_on_grpc_receive,
  proxy_on_memory_allocate,
  proxy_on_request_body,
  proxy_on_request_headers,
  proxy_on_request_trailers,
  proxy_on_response_body,
  proxy_on_response_headers,
  proxy_on_tick,
} from "proxy-wasm-as/dispatch";

registerRootContext((contextId) => new PosternRootContext(contextId));
