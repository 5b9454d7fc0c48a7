import type { Logger } from '@evenkeel/core';
import type { AgentEvent } from '../events.js';
import { type Span, spansOf } from './spans.js';

export interface TracesOptions {
  /** Of a collector, such as `http://127.0.0.1:4318`. */
  readonly otlpUrl: string;
  /** As `name=value,name=value`. */
  readonly headers?: string;
  /** Stands in every span as the service's instance. */
  readonly agent: string;
  readonly logger: Logger;
}

/** Hands spans to a collector. What cannot be delivered is dropped: no trade waits for it. */
export interface Traces {
  readonly hear: (event: AgentEvent) => void;
  /** Sends what is left. */
  close(): Promise<void>;
}

const EVERY_MS = 2_000;
const TIMEOUT_MS = 5_000;
const MOST_WAITING = 4096;
const MOST_AT_ONCE = 512;
/** `STATUS_CODE_OK` and `STATUS_CODE_ERROR`. */
const STATUS = { ok: 1, error: 2 } as const;
const INTERNAL = 1;

/** OpenTelemetry traces by OTLP over HTTP, in its JSON form (version 1 of the protocol), which every collector takes. */
export function openTraces({ agent, headers = '', logger, otlpUrl }: TracesOptions): Traces {
  const toSpans = spansOf();
  const url = `${otlpUrl.replace(/\/$/, '')}/v1/traces`;
  let waiting: Span[] = [];
  let sending: Promise<void> = Promise.resolve();
  let hasFailed = false;

  const send = async (spans: readonly Span[]): Promise<void> => {
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headersIn(headers) },
        body: JSON.stringify(requestOf(spans, agent)),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      await response.arrayBuffer();
      if (!response.ok) throw new Error(`it answers ${response.status}`);
      hasFailed = false;
    } catch (error) {
      // Told once until it works again.
      if (!hasFailed) logger.log('warn', 'Traces cannot be delivered.', { url, error: String(error) });
      hasFailed = true;
    }
  };
  const flush = (): Promise<void> => {
    const spans = waiting;
    waiting = [];
    for (let i = 0; i < spans.length; i += MOST_AT_ONCE) {
      const some = spans.slice(i, i + MOST_AT_ONCE);
      sending = sending.then(() => send(some));
    }
    return sending;
  };
  const timer = setInterval(() => void flush(), EVERY_MS);
  timer.unref();
  return Object.freeze({
    hear: (event) => {
      waiting.push(...toSpans(event));
      if (waiting.length > MOST_WAITING) waiting = waiting.slice(-MOST_WAITING);
    },
    close: () => {
      clearInterval(timer);
      return flush();
    },
  } satisfies Traces);
}

function requestOf(spans: readonly Span[], agent: string): object {
  const resource = { attributes: attributesOf({ 'service.name': 'evenkeel', 'service.instance.id': agent }) };
  return { resourceSpans: [{ resource, scopeSpans: [{ scope: { name: 'evenkeel' }, spans: spans.map(spanOf) }] }] };
}

function spanOf(span: Span): object {
  const { attributes, endMs, events, failed, name, parentSpanId, spanId, startMs, traceId } = span;
  return {
    traceId,
    spanId,
    ...(parentSpanId === undefined ? {} : { parentSpanId }),
    name,
    kind: INTERNAL,
    startTimeUnixNano: nanosecondsOf(startMs),
    endTimeUnixNano: nanosecondsOf(endMs),
    attributes: attributesOf(attributes),
    events: events.map((event) => ({
      timeUnixNano: nanosecondsOf(event.atMs),
      name: event.name,
      attributes: attributesOf(event.attributes),
    })),
    status: { code: failed ? STATUS.error : STATUS.ok },
  };
}

function attributesOf(attributes: Span['attributes']): readonly object[] {
  return Object.entries(attributes).map(([key, value]) => ({
    key,
    value:
      typeof value === 'string'
        ? { stringValue: value }
        : typeof value === 'boolean'
          ? { boolValue: value }
          : { doubleValue: value },
  }));
}

/** 64-bit integers are strings in this form. */
function nanosecondsOf(milliseconds: number): string {
  return (BigInt(Math.round(milliseconds)) * 1_000_000n).toString();
}

function headersIn(text: string): Record<string, string> {
  const pairs = text.split(',').filter((each) => each.includes('='));
  return Object.fromEntries(
    pairs.map((each) => [each.slice(0, each.indexOf('=')).trim(), each.slice(each.indexOf('=') + 1).trim()]),
  );
}
