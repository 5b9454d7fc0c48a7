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
    const code = String((cause as { code?: unknown } | null)?.code ?? 'unknown');
    super('AGENT_PORT_UNUSABLE', `The API cannot be served at ${host}:${port} (${code}).`, {
      field: 'http.port',
      value: port,
      hint: 'Name another port, or 0 for any that is free.',
      cause,
    });
  }
}

/** What a request asks for cannot be given; `status` is HTTP's. Codes `API_*`. */
export class ApiError extends EvenkeelError {
  readonly status: number;

  constructor(status: 400 | 401 | 404 | 405 | 409 | 413, code: ApiErrorCode, message: string, hint?: string) {
    super(code, message, { retryable: status === 409, ...(hint === undefined ? {} : { hint }) });
    this.status = status;
  }
}

export type ApiErrorCode =
  'API_BODY_INVALID' | 'API_BODY_TOO_LARGE' | 'API_BUSY' | 'API_METHOD_UNKNOWN' | 'API_NOT_FOUND' | 'API_TOKEN_WRONG';
