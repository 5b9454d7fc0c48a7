import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AgentEvent } from '../../src/agent/events.js';
import { openTraces } from '../../src/agent/telemetry/otlp.js';
import { spansOf } from '../../src/agent/telemetry/spans.js';

const INTENT = `0x${'7'.repeat(64)}`;
let atMs = 1_700_000_000_000;
const told = (kind: AgentEvent['kind'], code: string, details: Record<string, unknown> = {}): AgentEvent => ({
  ...{ atMs: (atMs += 10), kind, level: 'info', code, portfolio: 'book', sentence: `${code}.` },
  details: { intentId: INTENT, ...details },
});
const execution = (type: string, code: string, more: Record<string, unknown> = {}): AgentEvent =>
  told('execution', code, { type, slice: 0, simulated: false, ...more });

const trade = (): readonly AgentEvent[] => [
  told('intent', 'INTENT_SIGNED'),
  execution('programme-started', 'PROGRAMME_STARTED'),
  execution('step-reserved', 'STEP_RESERVED', { step: 'swap', chainId: 10 }),
  execution('step-sent', 'STEP_SENT', { step: 'swap', txHash: '0xabc' }),
  execution('step-done', 'STEP_FILLED', { step: 'swap', txHash: '0xabc' }),
  execution('step-failed', 'STEP_REVERTED', { step: 'bridge' }),
  execution('programme-finished', 'PROGRAMME_FINISHED'),
  told('report', 'HEDGED'),
];

test('an intent is one trace, with its slices and their steps below it', () => {
  const hear = spansOf();
  const [swap, bridge, slice, intent] = trade().flatMap((event) => hear(event));
  expect([swap, bridge, slice, intent].map((span) => span?.name)).toEqual(['swap', 'bridge', 'slice', 'intent']);
  expect(new Set([swap, bridge, slice, intent].map((span) => span?.traceId)).size).toBe(1);
  expect(intent!.traceId).toMatch(/^[0-9a-f]{32}$/);
  expect(intent!.spanId).toMatch(/^[0-9a-f]{16}$/);
  expect(intent).not.toHaveProperty('parentSpanId');
  expect(slice!.parentSpanId).toBe(intent!.spanId);
  expect([swap!.parentSpanId, bridge!.parentSpanId]).toEqual([slice!.spanId, slice!.spanId]);
  expect(swap).toMatchObject({
    failed: false,
    attributes: { 'evenkeel.transaction': '0xabc', 'evenkeel.intent': INTENT },
  });
  expect(swap!.events.map(({ name }) => name)).toEqual(['STEP_RESERVED', 'STEP_SENT']);
  expect(swap!.endMs - swap!.startMs).toBe(20);
  expect(bridge!.failed).toBe(true);
});

test('another process writes into the same trace, under the same identifiers', () => {
  const idsOf = (): unknown =>
    trade()
      .flatMap(spansOf())
      .map(({ parentSpanId, spanId, traceId }) => [traceId, spanId, parentSpanId]);
  const second = spansOf();
  expect(idsOf()).toEqual(
    trade()
      .flatMap((event) => second(event))
      .map(({ parentSpanId, spanId, traceId }) => [traceId, spanId, parentSpanId]),
  );
});

test('what has no intent makes no span, but a round does', () => {
  const hear = spansOf();
  expect(hear({ ...told('stop', 'KILLED'), details: {} })).toEqual([]);
  const details = { looked: 7, begun: 1, durationMs: 300 };
  const [round] = hear({ ...told('round', 'ROUND'), details });
  expect(round).toMatchObject({ name: 'round', attributes: { 'evenkeel.looked': 7, 'evenkeel.begun': 1 } });
  expect(round!.endMs - round!.startMs).toBe(300);
});

test('a collector gets them by OTLP, with what is needed to get in; one that is away is told once and harms nobody', async () => {
  const bodies: { readonly path: string; readonly key: unknown; readonly body: string }[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      bodies.push({ path: request.url!, key: request.headers['x-key'], body });
      response.end('{}');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const otlpUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const lines: string[] = [];
  const logger = { log: (_level: string, line: string) => void lines.push(line) };
  const traces = openTraces({ otlpUrl, agent: 'node-1', headers: 'x-key=a=b', logger });
  for (const event of trade()) traces.hear(event);
  await traces.close();
  server.closeAllConnections();
  server.close();
  expect(bodies).toMatchObject([{ path: '/v1/traces', key: 'a=b' }]);
  const { resourceSpans } = JSON.parse(bodies[0]!.body) as {
    resourceSpans: { resource: object; scopeSpans: { spans: object[] }[] }[];
  };
  expect(resourceSpans[0]!.resource).toEqual({
    attributes: [
      { key: 'service.name', value: { stringValue: 'evenkeel' } },
      { key: 'service.instance.id', value: { stringValue: 'node-1' } },
    ],
  });
  expect(resourceSpans[0]!.scopeSpans[0]!.spans).toHaveLength(4);
  expect(resourceSpans[0]!.scopeSpans[0]!.spans[1]).toMatchObject({
    ...{ name: 'bridge', kind: 1, status: { code: 2 } },
    endTimeUnixNano: expect.stringMatching(/^17\d{17}$/) as string,
  });
  expect(lines).toEqual([]);

  const alone = openTraces({ otlpUrl, agent: 'node-1', logger });
  for (const event of trade()) alone.hear(event);
  await alone.close();
  expect(lines).toHaveLength(1);
});
