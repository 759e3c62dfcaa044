import { UsageError } from "../commands/usage-error.ts";

const host = /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?|\[[0-9a-fA-F:]+\])(?::[0-9]{1,5})?$/;
const component = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
/** Of the 255 that registries take, with room for `-sidecar` and the like. */
const longest = 200;

/**
 * The name of an image (distribution-spec, "Pulling manifests"), its registry before the first slash.
 * @throws UsageError it is none, or has a tag or a digest
 */
export function parseImageName(text: string): string {
  const [first = "", ...rest] = text.split("/");
  const named = rest.length > 0 && (/[.:]/.test(first) || first === "localhost") ? rest : [first, ...rest];
  const hasHost = named.length === rest.length;
  if (text.length > longest || (hasHost && !host.test(first)) || !named.every((part) => component.test(part))) {
    throw new UsageError(
      `--image ${text}: write REGISTRY/NAME such as registry.example/edge/postern, its name in small letters and without a tag or digest.`,
    );
  }
  return text;
}
