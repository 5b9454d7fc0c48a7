/** Stable codes of the errors of this package. */
export type DevnetErrorCode =
  | 'ANVIL_MISSING'
  | 'ANVIL_FAILED'
  | 'ARTIFACT_FETCH_FAILED'
  | 'ARTIFACT_INTEGRITY'
  | 'ARTIFACT_INVALID'
  | 'DEPLOYMENT_FAILED'
  | 'INVALID_INPUT'
  | 'RPC_FAILED'
  | 'SERVER_FAILED'
  | 'SERVER_MISSING'
  | 'ABORTED'
  | 'UNKNOWN_CHAIN'
  | 'UNKNOWN_TOKEN'
  | 'UNKNOWN_SNAPSHOT'
  | 'WORLD_CLOSED';

export interface DevnetErrorOptions {
  readonly retryable?: boolean;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/**
 * What goes wrong while a local world is brought up or used. The message says what is wrong and then the way out;
 * programs compare `code`.
 */
export class DevnetError extends Error {
  readonly code: DevnetErrorCode;
  readonly retryable: boolean;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: DevnetErrorCode, message: string, options: DevnetErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.details = Object.freeze({ ...options.details });
  }
}
