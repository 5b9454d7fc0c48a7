import { EvenkeelError } from '@evenkeel/intents';

/** The API has no token to ask for. Code `AGENT_TOKEN_MISSING`. Never repeats the value. */
export class AgentTokenMissingError extends EvenkeelError {
  constructor(variable: string, problem: string) {
    super('AGENT_TOKEN_MISSING', `The environment variable ${variable} ${problem}.`, {
      field: 'http.tokenEnv',
      value: variable,
      hint: 'Set it to at least 16 characters that nobody can guess, or write `http: off`.',
    });
  }
}

/** The API cannot be served where it should be. Code `AGENT_PORT_UNUSABLE`. */
export class AgentPortUnusableError extends EvenkeelError {
  constructor(host: string, port: number, cause: unknown) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
    super('AGENT_PORT_UNUSABLE', `The API cannot be served at ${host}:${port} (${code}).`, {
      field: 'http.port',
      value: port,
      hint: 'Name another port, or 0 for any that is free.',
      cause,
    });
  }
}

/** What a request asks for cannot be given. `status` is HTTP's. */
export abstract class ApiError extends EvenkeelError {
  readonly status: number;

  constructor(code: string, status: number, message: string, options: { hint?: string; retryable?: boolean } = {}) {
    super(code, message, options);
    this.status = status;
  }
}

/** The token is missing or wrong. Code `API_TOKEN_WRONG`. */
export class ApiTokenWrongError extends ApiError {
  constructor() {
    super('API_TOKEN_WRONG', 401, 'The token is missing or wrong.', { hint: 'Send "Authorization: Bearer" and it.' });
  }
}

/** There is nothing of this name or at this path. Code `API_NOT_FOUND`. */
export class ApiNotFoundError extends ApiError {
  constructor(what: string, see: string) {
    super('API_NOT_FOUND', 404, `There is no such ${what}.`, { hint: `See ${see}.` });
  }
}

/** The path is there, the method is not. Code `API_METHOD_UNKNOWN`. */
export class ApiMethodUnknownError extends ApiError {
  constructor(method: string) {
    super('API_METHOD_UNKNOWN', 405, `${method} is not what this is asked by.`, { hint: 'See /openapi.json.' });
  }
}

/** Body or query of a request is not what it has to be. Code `API_REQUEST_INVALID`. */
export class ApiRequestInvalidError extends ApiError {
  constructor(problem: string, hint: string) {
    super('API_REQUEST_INVALID', 400, problem, { hint });
  }
}

/** The body is longer than any that makes sense. Code `API_BODY_TOO_LARGE`. */
export class ApiBodyTooLargeError extends ApiError {
  constructor(most: number) {
    super('API_BODY_TOO_LARGE', 413, `The body is above ${most} bytes.`, { hint: 'Send { "reason": "…" }.' });
  }
}

/** Something of the account is under way. Code `API_BUSY`. */
export class ApiBusyError extends ApiError {
  constructor(portfolio: string) {
    super('API_BUSY', 409, `Something of the account of ${portfolio} is under way.`, {
      hint: 'Try again when it has ended.',
      retryable: true,
    });
  }
}
