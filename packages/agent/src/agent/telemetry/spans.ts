import { createHash, randomUUID } from 'node:crypto';
import type { AgentEvent } from '../events.js';

/** A span of a trace, ended. Identifiers are hexadecimal, times Unix milliseconds. */
export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly failed: boolean;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  readonly events: readonly SpanEvent[];
}

export interface SpanEvent {
  readonly atMs: number;
  readonly name: string;
  readonly attributes: Span['attributes'];
}

interface Open {
  readonly startMs: number;
  readonly events: SpanEvent[];
}

/** What was begun and never told of its end is forgotten after so many others. */
const MOST_OPEN = 4096;
/** Lengths in bytes, as OpenTelemetry wants them. */
const TRACE_BYTES = 16;
const SPAN_BYTES = 8;

/**
 * Makes spans of what an agent tells: one trace an intent, with its slices and their steps below it, and one a round.
 * Identifiers follow from the intent's, so that agents that carry one trade together, or one after a restart, write into the
 * same trace.
 *
 * @returns the spans that an event has ended
 */
export function spansOf(): (event: AgentEvent) => readonly Span[] {
  const open = new Map<string, Open>();
  const opened = (key: string, atMs: number): Open => {
    const known = open.get(key);
    if (known !== undefined) return known;
    const fresh: Open = { startMs: atMs, events: [] };
    open.set(key, fresh);
    const [oldest] = open.keys();
    if (open.size > MOST_OPEN && oldest !== undefined) open.delete(oldest);
    return fresh;
  };
  const ended = (path: readonly string[], event: AgentEvent, failed: boolean): Span => {
    const key = path.join('/');
    const { events, startMs } = open.get(key) ?? { startMs: event.atMs, events: [] };
    open.delete(key);
    const parent = path.length === 1 ? {} : { parentSpanId: idOf(path.slice(0, -1).join('/'), SPAN_BYTES) };
    const [intentId, slice, step] = path;
    return Object.freeze({
      traceId: idOf(intentId!, TRACE_BYTES),
      spanId: idOf(key, SPAN_BYTES),
      ...parent,
      name: step ?? (slice === undefined ? 'intent' : 'slice'),
      startMs,
      endMs: event.atMs,
      failed,
      attributes: Object.freeze({ ...aboutOf(event), 'evenkeel.intent': intentId! }),
      events: Object.freeze(events),
    });
  };

  return (event) => {
    const { atMs, code, details = {}, kind } = event;
    if (kind === 'round') return [roundOf(event, randomUUID())];
    const { intentId, slice, step, type } = details;
    if (typeof intentId !== 'string') return [];
    if (kind === 'intent') opened(intentId, atMs);
    if (kind === 'report' && slice === undefined) return [ended([intentId], event, code === 'FAILED')];
    if (kind !== 'execution' || typeof slice !== 'number') return [];
    const path = [intentId, String(slice), ...(typeof step === 'string' ? [step] : [])];
    const span = opened(path.join('/'), atMs);
    if (type === 'programme-finished') return [ended(path, event, false)];
    if (type === 'step-done' || type === 'step-skipped' || type === 'step-cancelled')
      return [ended(path, event, false)];
    if (type === 'step-failed') return [ended(path, event, true)];
    span.events.push(Object.freeze({ atMs, name: code, attributes: aboutOf(event) }));
    return [];
  };
}

function roundOf({ atMs, details = {} }: AgentEvent, id: string): Span {
  const { begun, durationMs, looked } = details;
  const key = `round/${id}`;
  return Object.freeze({
    traceId: idOf(key, TRACE_BYTES),
    spanId: idOf(key, SPAN_BYTES),
    name: 'round',
    startMs: atMs - Number(durationMs ?? 0),
    endMs: atMs,
    failed: false,
    attributes: Object.freeze({ 'evenkeel.looked': Number(looked), 'evenkeel.begun': Number(begun) }),
    events: Object.freeze([]),
  });
}

function aboutOf({ code, details = {}, portfolio, sentence }: AgentEvent): Span['attributes'] {
  const { chainId, simulated, txHash } = details;
  return Object.freeze({
    'evenkeel.code': code,
    'evenkeel.sentence': sentence,
    ...(portfolio === undefined ? {} : { 'evenkeel.portfolio': portfolio }),
    ...(typeof chainId === 'number' ? { 'evenkeel.chain': chainId } : {}),
    ...(typeof txHash === 'string' ? { 'evenkeel.transaction': txHash } : {}),
    ...(typeof simulated === 'boolean' ? { 'evenkeel.simulated': simulated } : {}),
  });
}

function idOf(text: string, bytes: number): string {
  return createHash('sha256')
    .update(text)
    .digest('hex')
    .slice(0, 2 * bytes);
}
