/** Envoy's own filters for what Postern's token-only route does: RS256, issuer, audience, times, a scope. */
export function jwtAndRbac(jwks: string, cache: boolean): object[] {
  return [jwtAuthn(jwks, cache), rbac()];
}

function jwtAuthn(jwks: string, cache: boolean): object {
  const type = "envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication";
  const provider = {
    issuer: "https://issuer.demo",
    audiences: ["orders"],
    local_jwks: { inline_string: jwks },
    forward: true,
    payload_in_metadata: "claims",
    clock_skew_seconds: 30,
    ...(cache ? { jwt_cache_config: {} } : {}),
  };
  const rules = [{ match: { prefix: "/" }, requires: { provider_name: "demo" } }];
  return {
    name: "envoy.filters.http.jwt_authn",
    typed_config: { "@type": `type.googleapis.com/${type}`, providers: { demo: provider }, rules },
  };
}

function rbac(): object {
  const scope = { filter: "envoy.filters.http.jwt_authn", path: [{ key: "claims" }, { key: "scope" }] };
  const hasScope = { metadata: { ...scope, value: { string_match: { exact: "orders:read" } } } };
  const permissions = [{ url_path: { path: { prefix: "/" } } }];
  return {
    name: "envoy.filters.http.rbac",
    typed_config: {
      "@type": "type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC",
      rules: { action: "ALLOW", policies: { orders: { permissions, principals: [hasScope] } } },
    },
  };
}

/** Remote authorisation over gRPC: each request waits until `cluster` has been told of its head and has answered. */
export function extAuthz(cluster: string): object[] {
  return [
    {
      name: "envoy.filters.http.ext_authz",
      typed_config: {
        "@type": "type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz",
        transport_api_version: "V3",
        grpc_service: { envoy_grpc: { cluster_name: cluster }, timeout: "2s" },
      },
    },
  ];
}
