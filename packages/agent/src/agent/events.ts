import type { AuditLog } from './state/audit-log.js';

/** Something that the agent did, saw or was told. Plain data: it goes into the log, the audit log and to listeners. */
export interface AgentEvent {
  readonly atMs: number;
  readonly kind:
    | 'agent'
    | 'alert'
    | 'config'
    | 'decision'
    | 'execution'
    | 'intent'
    | 'limit'
    | 'margin'
    | 'report'
    | 'ripcord'
    | 'round'
    | 'stop'
    | 'venue';
  readonly portfolio?: string;
  /** Stable. */
  readonly code: string;
  readonly sentence: string;
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly details?: Readonly<Record<string, unknown>>;
}

export type EventListener = (event: AgentEvent) => void;

export interface AgentEvents {
  emit(event: Omit<AgentEvent, 'atMs'>): void;
  /** @returns what takes the listener off */
  listen(listener: EventListener): () => void;
}

/** What is only of the moment: too much of it, and nothing that anybody has to answer for. */
const NOT_AUDITED: ReadonlySet<AgentEvent['kind']> = new Set(['round']);

/**
 * Tells everybody, the audit log first. A listener that throws harms nobody; an audit log that cannot be written does:
 * its error is thrown, for nothing may happen that leaves no trace.
 */
export function agentEvents(audit: AuditLog, now: () => number): AgentEvents {
  const listeners = new Set<EventListener>();
  return Object.freeze({
    emit: (news) => {
      const event: AgentEvent = Object.freeze({ atMs: now(), ...news });
      const { atMs, kind, ...rest } = event;
      if (!NOT_AUDITED.has(kind)) audit.append(atMs, [{ kind, body: rest }]);
      for (const listener of listeners) {
        try {
          listener(event);
        } catch {
          // One that is broken is no reason for the others not to hear.
        }
      }
    },
    listen: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  } satisfies AgentEvents);
}
