/** What the OpenAPI document says of the token routes, which are no rows of the JSON API. */

/** `POST /oauth/token` and the JWKS document, as paths of OpenAPI 3.1. */
export function tokenPaths(): Record<string, unknown> {
  return { '/oauth/token': { post: TOKEN }, '/.well-known/jwks.json': { get: JWKS } };
}

/** RFC 6749, section 5.2. */
const oauthError = {
  type: 'object',
  properties: { error: { type: 'string' }, error_description: { type: 'string' } },
  required: ['error'],
};

function refusal(description: string) {
  return { description, content: { 'application/json': { schema: oauthError } } };
}

const TOKEN = {
  operationId: 'issueToken',
  summary: 'Gives an access token to a client that proves its secret',
  tags: ['Access'],
  security: [{ clientSecret: [] }, {}],
  requestBody: {
    required: true,
    content: {
      'application/x-www-form-urlencoded': {
        schema: {
          type: 'object',
          properties: {
            grant_type: { type: 'string', const: 'client_credentials' },
            client_id: { type: 'string' },
            client_secret: { type: 'string', format: 'password' },
            scope: {
              type: 'string',
              description: 'Scopes with spaces between; all of the client without it.',
            },
          },
          required: ['grant_type'],
        },
      },
    },
  },
  responses: {
    '200': {
      description: 'The token.',
      content: {
        'application/json': {
          schema: {
            type: 'object',
            properties: {
              access_token: { type: 'string' },
              token_type: { type: 'string', const: 'Bearer' },
              expires_in: { type: 'integer' },
              scope: { type: 'string' },
            },
            required: ['access_token', 'token_type', 'expires_in', 'scope'],
          },
        },
      },
    },
    '400': refusal('invalid_request, invalid_scope or unsupported_grant_type'),
    '401': refusal('invalid_client'),
    '408': refusal('invalid_request: the form did not arrive in time.'),
    '413': refusal('invalid_request: the form is too large.'),
    '415': refusal('invalid_request: the form came with a Content-Encoding.'),
    '429': refusal('Too many requests; Retry-After says when.'),
    '500': refusal('server_error'),
    '503': refusal('temporarily_unavailable; Retry-After says when.'),
  },
};

const JWKS = {
  operationId: 'readSigningKeys',
  summary: 'The public keys of our access tokens (RFC 7517)',
  tags: ['Access'],
  security: [{}],
  responses: {
    '200': {
      description: 'One key, or two while a new one takes over.',
      content: {
        'application/json': {
          schema: {
            type: 'object',
            properties: { keys: { type: 'array', items: { type: 'object' } } },
            required: ['keys'],
          },
        },
      },
    },
  },
};
