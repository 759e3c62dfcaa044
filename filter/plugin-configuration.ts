import { bytes, equal } from "proxy-wasm-as/bytes";
import { decodeBase64 } from "./encoding/base64";
import { JsonReader, JsonToken } from "./encoding/json";

const POLICY = bytes("policy");
const SIDECAR_CLUSTER = bytes("sidecarCluster");
const BRACE: u8 = 0x7b;
const NONE = new Uint8Array(0);

/**
 * What Envoy configures the filter with: the compiled policy itself, or, where the mesh's API takes nothing but JSON,
 * `{"policy": BASE64, "sidecarCluster": NAME}`. Of that the cluster may be left out, and other members are refused.
 */
export class PluginConfiguration {
  private constructor(
    public readonly policy: Uint8Array,
    /** Empty: the usual one. */
    public readonly sidecarCluster: Uint8Array,
  ) {}

  /** null: it is neither. */
  static read(configuration: Uint8Array): PluginConfiguration | null {
    if (configuration.length == 0 || configuration[0] != BRACE) return new PluginConfiguration(configuration, NONE);
    const reader = new JsonReader(configuration);
    let policy: Uint8Array | null = null;
    let cluster = NONE;
    reader.next();
    let token = reader.next();
    for (; token == JsonToken.Name; token = reader.next()) {
      const name = reader.text();
      if (reader.next() != JsonToken.String) return null;
      if (equal(name, POLICY)) policy = decodeBase64(reader.text());
      else if (equal(name, SIDECAR_CLUSTER)) cluster = reader.text();
      else return null;
    }
    if (policy === null || token != JsonToken.EndObject || reader.next() != JsonToken.End) return null;
    return new PluginConfiguration(policy, cluster);
  }
}
