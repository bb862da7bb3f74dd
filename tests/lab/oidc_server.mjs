// An OpenID provider for the tests: the npm package oidc-provider over TLS, with clients, keys and
// resource of the file that is named as argument. Signing in and consent are its own pages.
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { pathToFileURL } from "node:url";

const told = JSON.parse(readFileSync(process.argv[2], "utf8"));
const { default: Provider } = await import(
  pathToFileURL(`${told.modules}/oidc-provider/lib/index.js`).href
);

const provider = new Provider(told.issuer, {
  clients: told.clients,
  jwks: { keys: [told.key] },
  scopes: ["openid", "email", "offline_access"],
  claims: { email: ["email"] },
  conformIdTokenClaims: false,
  findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ sub: id, email: id }) }),
  extraTokenClaims: (_ctx, token) => ({ upn: token.accountId ?? told.robot }),
  issueRefreshToken: (_ctx, client) => client.grantTypeAllowed("refresh_token"),
  rotateRefreshToken: true,
  formats: {
    customizers: {
      // Dovecot 2.3 knows the type of JWT alone, not that of RFC 9068.
      jwt: (_ctx, _token, jwt) => { jwt.header = { ...jwt.header, typ: "JWT" }; },
    },
  },
  features: {
    deviceFlow: { enabled: true },
    clientCredentials: { enabled: true },
    revocation: { enabled: true },
    introspection: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => told.resource,
      useGrantedResource: () => true,
      getResourceServerInfo: (_ctx, _resource, client) => ({
        scope: "",
        audience: client.clientId === "stranger" ? "somewhere-else" : told.audience,
        // A JWT is for those who read it; what is to be asked for at the issuer says nothing.
        accessTokenFormat: client.clientId === "opaque" ? "opaque" : "jwt",
        accessTokenTTL: client.clientId === "short" ? 2 : 3600,
        jwt: { sign: { alg: "RS256" } },
      }),
    },
  },
});
const files = { key: readFileSync(told.key_file), cert: readFileSync(told.chain_file) };
createServer(files, provider.callback()).listen(told.port, "127.0.0.1");
