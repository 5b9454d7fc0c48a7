import type { Logger } from '@evenkeel/core';
import type { AgentEvent } from './events.js';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
const RANK: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

/**
 * One JSON object a line, for whatever collects logs: time, level, message, and the fields beside them. Bigints are
 * decimal strings.
 *
 * @param write takes a line, its end included
 */
export function jsonLogger(least: LogLevel, write: (line: string) => void, now: () => number): Logger {
  return Object.freeze({
    log: (level, message, fields = {}) => {
      if (RANK[level] < RANK[least]) return;
      const entry = { time: new Date(now()).toISOString(), level, message, ...fields };
      write(
        `${JSON.stringify(entry, (_key, value: unknown) => (typeof value === 'bigint' ? value.toString() : value))}\n`,
      );
    },
  } satisfies Logger);
}

/** An event as a log line. */
export function logEvent(logger: Logger, { code, details, kind, level, portfolio, sentence }: AgentEvent): void {
  logger.log(level, sentence, { kind, code, ...(portfolio === undefined ? {} : { portfolio }), ...details });
}
