import { createHash, createHmac } from 'node:crypto';
import type { Clock } from '@evenkeel/core';
import * as v from 'valibot';
import type { AgentFile } from '../config/schema.js';
import type { AgentEvents } from '../events.js';
import type { AgentState } from '../state/open-state.js';

/** Something that a person has to know. */
export interface Alert {
  /** Alerts with one key are one alert: it is not sent again before its time. */
  readonly key: string;
  readonly level: 'warning' | 'critical';
  /** Stable. */
  readonly code: string;
  readonly portfolio?: string;
  readonly sentence: string;
}

export interface Alerts {
  /** Noted on disk at once, delivered until it has arrived. @returns whether it is a new one */
  readonly raise: (alert: Alert) => boolean;
  /** Deliveries that have not arrived yet. */
  undelivered(): number;
  /** Sends what is due, until the signal aborts; what is left is sent by the next process. */
  deliver(signal: AbortSignal): Promise<void>;
}

export interface AlertsParts {
  readonly state: AgentState;
  readonly config: () => AgentFile['alerts'];
  readonly env: NodeJS.ProcessEnv;
  readonly clock: Clock;
  readonly events: AgentEvents;
  /** Name of the agent, for whoever hears several. */
  readonly agent: string;
}

type Webhook = AgentFile['alerts']['webhooks'][number];

/** First pause after a delivery that failed, doubling up to the longest one. */
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 900_000;
/** Given up after so many, which takes about two days. */
const MOST_ATTEMPTS = 200;
const TIMEOUT_MS = 10_000;
const LOOK_MS = 250;

const dueRow = v.object({
  alert: v.number(),
  webhook: v.string(),
  attempts: v.number(),
  key: v.string(),
  at_ms: v.number(),
  body: v.string(),
});
type Due = v.InferOutput<typeof dueRow>;

/**
 * Alerts by webhook. Each is written down before it is sent, sent again until the receiver has answered with 2xx, and
 * carries an `Idempotency-Key`, for it may arrive twice when an answer is lost. With a secret its body is signed
 * (`X-Evenkeel-Signature: sha256=` and the HMAC-SHA-256 of the body).
 */
export function openAlerts(parts: AlertsParts): Alerts {
  const { clock, config, events, state } = parts;

  const raise = (alert: Alert): boolean => {
    const { code, key, level, portfolio, sentence } = alert;
    const atMs = clock.now();
    const since = atMs - config().repeatAfterMinutes * 60_000;
    const isKnown = state.all('SELECT id FROM alert WHERE key = ? AND at_ms > ? LIMIT 1', [key, since]).length > 0;
    if (isKnown) return false;
    const rest = { code, sentence, ...(portfolio === undefined ? {} : { portfolio }) };
    const body = JSON.stringify({ agent: parts.agent, level, time: new Date(atMs).toISOString(), ...rest });
    state.transaction(() => {
      const [row] = state.all('INSERT INTO alert (key, at_ms, body) VALUES (?, ?, ?) RETURNING id', [key, atMs, body]);
      const { id } = v.parse(v.object({ id: v.number() }), row);
      for (const webhook of config().webhooks) {
        state.run(
          "INSERT OR IGNORE INTO delivery (alert, webhook, attempts, next_ms, state) VALUES (?, ?, 0, ?, 'due')",
          [id, nameOf(webhook), atMs],
        );
      }
    });
    events.emit({ kind: 'alert', level: level === 'critical' ? 'error' : 'warn', ...rest });
    return true;
  };

  const due = (): readonly Due[] =>
    state
      .all(
        `SELECT delivery.alert, delivery.webhook, delivery.attempts, alert.key, alert.at_ms, alert.body
         FROM delivery JOIN alert ON alert.id = delivery.alert
         WHERE delivery.state = 'due' AND delivery.next_ms <= ? ORDER BY delivery.alert LIMIT 50`,
        [clock.now()],
      )
      .map((row) => v.parse(dueRow, row));

  const deliverOne = async (each: Due, signal: AbortSignal): Promise<void> => {
    const webhook = config().webhooks.find((known) => nameOf(known) === each.webhook);
    const problem = webhook === undefined ? 'it is not configured any more' : await post(parts, webhook, each, signal);
    if (signal.aborted && problem !== undefined) return;
    const attempts = each.attempts + 1;
    const isOver = webhook === undefined || attempts >= MOST_ATTEMPTS;
    const outcome = problem === undefined ? 'sent' : isOver ? 'failed' : 'due';
    const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(each.attempts, 20));
    state.run('UPDATE delivery SET attempts = ?, next_ms = ?, state = ? WHERE alert = ? AND webhook = ?', [
      attempts,
      clock.now() + pauseMs,
      outcome,
      each.alert,
      each.webhook,
    ]);
    // Once when it begins to fail, once when it is given up: the log is not to be filled by a receiver that is down.
    if (problem === undefined || (attempts > 1 && outcome === 'due')) return;
    const code = outcome === 'failed' ? 'ALERT_GIVEN_UP' : 'ALERT_DELAYED';
    const sentence = `Alert ${each.alert} does not arrive: ${problem}.`;
    events.emit({ kind: 'agent', level: 'warn', code, sentence });
  };

  return Object.freeze({
    raise,
    undelivered: () => {
      const [row] = state.all("SELECT count(*) AS due FROM delivery WHERE state = 'due'", []);
      return v.parse(v.object({ due: v.number() }), row).due;
    },
    deliver: async (signal) => {
      const isOver = (): boolean => signal.aborted;
      while (!isOver()) {
        for (const each of due()) {
          if (isOver()) return;
          await deliverOne(each, signal);
        }
        await clock.sleep(LOOK_MS, signal).catch(() => undefined);
      }
    },
  } satisfies Alerts);
}

/** @returns what went wrong, without the address: it may be a secret */
async function post(
  { agent, env }: AlertsParts,
  webhook: Webhook,
  each: Due,
  signal: AbortSignal,
): Promise<string | undefined> {
  const url = webhook.url ?? env[webhook.urlEnv!];
  if (url === undefined || !URL.canParse(url)) return `the environment variable ${webhook.urlEnv!} holds no URL`;
  const secret = webhook.secretEnv === undefined ? undefined : env[webhook.secretEnv];
  if (webhook.secretEnv !== undefined && secret === undefined) return `${webhook.secretEnv} is not set`;
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    'idempotency-key': `${agent}:${each.alert}`,
  };
  if (secret !== undefined) {
    headers['x-evenkeel-signature'] = `sha256=${createHmac('sha256', secret).update(each.body).digest('hex')}`;
  }
  const own = new AbortController();
  const follow = (): void => own.abort();
  signal.addEventListener('abort', follow, { once: true });
  const timer = setTimeout(follow, TIMEOUT_MS);
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers,
      body: each.body,
      signal: own.signal,
      redirect: 'error',
    });
    await response.arrayBuffer();
    return response.ok ? undefined : `it answers ${response.status}`;
  } catch {
    return 'it cannot be reached';
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', follow);
  }
}

/** What tells webhooks apart, without giving an address away. */
function nameOf({ url, urlEnv }: Webhook): string {
  return urlEnv === undefined ? createHash('sha256').update(url!).digest('hex').slice(0, 16) : `env:${urlEnv}`;
}
