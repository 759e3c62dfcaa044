import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { type Configuration, Provider } from "oidc-provider";

/** A key set with private keys, the first of which signs. */
export type PrivateKeys = NonNullable<Configuration["jwks"]>;

/** A real issuer (OpenID Connect), on a loopback port that it keeps. */
export interface OpenidIssuer {
  readonly url: string;
  /** Its `jwks_uri`, as its discovery document says. */
  jwksUri(): Promise<string>;
  /** An access token for `audience` by client credentials. `headers`: with the request, such as a proof. */
  accessToken(scope: string, headers?: Readonly<Record<string, string>>): Promise<string>;
  /** Starts it anew with other keys; null: it is away. */
  use(keys: PrivateKeys | null): Promise<void>;
}

const CLIENT = { id: "till", secret: "a secret of the client, known to nobody else" };

export async function startOpenidIssuer(audience: string, keys: PrivateKeys): Promise<OpenidIssuer> {
  let server = createServer();
  const listen = (port: number) => new Promise<void>((done) => server.listen(port, "127.0.0.1", done));
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const issuer: OpenidIssuer = {
    url,
    jwksUri: async () => {
      const answer = await fetch(`${url}/.well-known/openid-configuration`);
      return ((await answer.json()) as { jwks_uri: string }).jwks_uri;
    },
    accessToken: async (scope, headers = {}) => {
      const body = new URLSearchParams({ grant_type: "client_credentials", scope, resource: audience });
      const authorization = `Basic ${btoa(`${CLIENT.id}:${encodeURIComponent(CLIENT.secret).replaceAll("%20", "+")}`)}`;
      const answer = await post(`${url}/token`, { authorization, ...headers }, body.toString());
      const { access_token: token, ...error } = JSON.parse(answer) as { access_token?: string };
      if (token === undefined) throw new Error(`no token: ${JSON.stringify(error)}`);
      return token;
    },
    use: async (next) => {
      await new Promise<void>((done) => {
        server.close(() => done());
        server.closeAllConnections();
      });
      if (next === null) return;
      server = createServer(providerOf(url, audience, next).callback());
      await listen(port);
    },
  };
  await issuer.use(keys);
  return issuer;
}

/** Over a connection of its own: none is kept that would be closed under the next request, when the issuer starts anew. */
function post(url: string, headers: Readonly<Record<string, string>>, body: string): Promise<string> {
  const type = { "content-type": "application/x-www-form-urlencoded" };
  return new Promise((resolve, refuse) => {
    const call = request(url, { method: "POST", agent: false, headers: { ...type, ...headers } }, (response) => {
      text(response).then(resolve, refuse);
    });
    call.on("error", refuse).end(body);
  });
}

function providerOf(url: string, audience: string, jwks: PrivateKeys): Provider {
  return new Provider(url, {
    jwks,
    clients: [
      {
        client_id: CLIENT.id,
        client_secret: CLIENT.secret,
        grant_types: ["client_credentials"],
        redirect_uris: [],
        response_types: [],
        id_token_signed_response_alg: "ES256",
      },
    ],
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      dPoP: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: () => ({
          scope: "orders:read orders:write",
          audience,
          accessTokenFormat: "jwt",
          accessTokenTTL: 300,
          jwt: { sign: { alg: "ES256" } },
        }),
      },
    },
  });
}
