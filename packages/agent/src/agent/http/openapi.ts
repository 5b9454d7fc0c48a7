import type { Route } from './routes.js';

/** The OpenAPI 3.1 document of a table of routes. */
export function openApiOf(routes: readonly Route[]): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const { method, open, path, reason, summary } of routes) {
    const names = [...path.matchAll(/:(\w+)/g)].map(([, name]) => name!);
    const at = path.replaceAll(/:(\w+)/g, '{$1}');
    const query = path === '/v1/audit' ? AUDIT_QUERY : [];
    const parameters = [
      ...names.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } })),
      ...query,
    ];
    paths[at] = {
      ...paths[at],
      [method.toLowerCase()]: {
        summary,
        operationId: `${method.toLowerCase()}${at.replaceAll(/[^a-z]+(.)?/gi, (_, letter: string | undefined) => letter?.toUpperCase() ?? '')}`,
        ...(parameters.length === 0 ? {} : { parameters }),
        ...(open === true ? { security: [] } : {}),
        ...(reason === true ? { requestBody: REASON } : {}),
        responses: {
          200: { description: 'As asked', content: { [CONTENT[path] ?? 'application/json']: {} } },
          ...(open === true ? {} : { 401: error('The token is missing or wrong') }),
          ...(names.length === 0 ? {} : { 404: error('It is not known') }),
          ...(reason === true ? { 400: error('No reason is given') } : {}),
          ...(path.endsWith('/ripcord') ? { 409: error('Something of the account is under way') } : {}),
        },
      },
    };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Evenkeel agent', version: '1', license: { name: 'MIT', identifier: 'MIT' } },
    security: [{ token: [] }],
    paths,
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      schemas: {
        Error: {
          type: 'object',
          required: ['error'],
          properties: {
            error: {
              type: 'object',
              required: ['code', 'message'],
              properties: { code: { type: 'string' }, message: { type: 'string' } },
            },
          },
        },
      },
    },
  };
}

const CONTENT: Readonly<Record<string, string>> = {
  '/v1/events': 'text/event-stream',
  '/v1/audit': 'application/x-ndjson',
  '/metrics': 'text/plain',
};

const AUDIT_QUERY = [
  { name: 'from', in: 'query', schema: { type: 'integer', minimum: 1, default: 1 } },
  { name: 'most', in: 'query', schema: { type: 'integer', minimum: 1, maximum: 10_000, default: 10_000 } },
  { name: 'format', in: 'query', schema: { enum: ['jsonl', 'csv'], default: 'jsonl' } },
];

const REASON = {
  required: true,
  content: {
    'application/json': {
      schema: {
        type: 'object',
        required: ['reason'],
        additionalProperties: false,
        properties: { reason: { type: 'string', minLength: 1, maxLength: 500 } },
      },
    },
  },
};

function error(description: string): Record<string, unknown> {
  return { description, content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } } };
}
