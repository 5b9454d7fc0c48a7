/** What an {@link EvenkeelError} carries besides its message. */
export interface EvenkeelErrorOptions {
  /** Whether the same call may succeed later without anybody changing anything. Default: false. */
  readonly retryable?: boolean;
  /** The input that is wrong, as a path: `limits.maxCostBps`. */
  readonly field?: string;
  /** The value that was refused. Never a secret: it is printed. */
  readonly value?: unknown;
  /** The way out, as an instruction: "Use a whole number of seconds." */
  readonly hint?: string;
  /** Further facts for machines. Must survive `JSON.stringify` once bigints are strings. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/**
 * The base of every error that any Evenkeel package throws.
 *
 * `code` is stable over releases and is what programs compare; messages may improve. A subclass stands for one failure
 * mode and fixes its code.
 *
 * @example
 * ```ts
 * try { parseIntent(json) } catch (error) {
 *   if (error instanceof EvenkeelError && error.code === 'INVALID_INPUT') console.error(error.field, error.message)
 * }
 * ```
 */
export class EvenkeelError extends Error {
  readonly code: string;
  readonly retryable: boolean;
  readonly field: string | undefined;
  readonly value: unknown;
  readonly hint: string | undefined;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, options: EvenkeelErrorOptions = {}) {
    const { cause, details = {}, field, hint, retryable = false, value } = options;
    super(hint === undefined ? message : `${message} ${hint}`, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.code = code;
    this.retryable = retryable;
    this.field = field;
    this.value = value;
    this.hint = hint;
    this.details = Object.freeze({ ...details });
  }

  /** The first error in the chain of causes that satisfies `test`, this one included. */
  walk(test: (error: unknown) => boolean): unknown {
    const seen = new Set<unknown>();
    for (let error: unknown = causeOf({ cause: this }); error !== undefined; error = causeOf(error)) {
      if (seen.has(error)) break;
      if (test(error)) return error;
      seen.add(error);
    }
    return undefined;
  }

  /** A plain record for logs, events and JSON output; bigints become strings, the stack stays out. */
  toJSON(): Record<string, unknown> {
    const plain = {
      name: this.name,
      code: this.code,
      message: this.message,
      retryable: this.retryable,
      field: this.field,
      value: this.value,
      details: this.details,
    };
    return JSON.parse(stringify(plain)) as Record<string, unknown>;
  }
}

/** An input that breaks its schema: says which field, which value, and the way out. Code `INVALID_INPUT`. */
export class InvalidInputError extends EvenkeelError {
  constructor(field: string, value: unknown, problem: string, hint: string, options: EvenkeelErrorOptions = {}) {
    super('INVALID_INPUT', `${field}: ${problem} (got ${describe(value)}).`, { ...options, field, value, hint });
  }
}

/** A short, safe rendering of any value for an error message. */
export function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'number') return String(value);
  const text = render(value);
  return text.length > 120 ? `${text.slice(0, 117)}…` : text;
}

function render(value: unknown): string {
  try {
    return stringify(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}

/** JSON with bigints as strings; throws for what is no data. */
function stringify(value: unknown): string {
  const text: unknown = JSON.stringify(value, (_, item: unknown) =>
    typeof item === 'bigint' ? item.toString() : item,
  );
  if (typeof text !== 'string') throw new TypeError('This value has no JSON.');
  return text;
}

function causeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'cause' in error ? (error.cause ?? undefined) : undefined;
}
