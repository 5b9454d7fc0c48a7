import type { ServerResponse } from 'node:http';
import * as v from 'valibot';
import type { Agent } from '../agent.js';
import { EVERYWHERE } from '../limits/stops.js';
import type { AgentMetrics } from '../metrics.js';
import { auditEntries } from '../state/audit-log.js';
import { CSV_HEADER, toCsv, toJsonl } from '../state/export-audit.js';
import type { Keeper } from '../keeping/keeper.js';
import { ApiBusyError, ApiNotFoundError, ApiRequestInvalidError } from './errors.js';
import { streamEvents } from './stream-events.js';
import { intentsView, intentView, portfolioView, standingView } from './views.js';

/** A request that has passed the door. */
export interface Asked {
  /** What stands in the path for `:name`. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** The JSON of a POST, checked by nobody yet. */
  readonly body: unknown;
  readonly response: ServerResponse;
}

/** JSON, a text of a type of its own, or `undefined` where the response is written already. */
export type Answer = { readonly json: unknown } | { readonly text: string; readonly type: string } | undefined;

export interface Route {
  readonly method: 'GET' | 'POST';
  /** Parts that begin with a colon stand for any one part. */
  readonly path: string;
  readonly summary: string;
  /** May be asked without the token: it says nothing about anybody's money. */
  readonly open?: true;
  /** Of a POST: whether a reason has to be given. */
  readonly reason?: true;
  readonly answer: (asked: Asked) => Answer | Promise<Answer>;
}

const reasonSchema = v.strictObject({ reason: v.pipe(v.string(), v.minLength(1), v.maxLength(500)) });

/** Everything that the API can do. The OpenAPI document is made of this table. */
export function routesOf(agent: Agent, metrics: AgentMetrics): readonly Route[] {
  const keeperOf = ({ parameters }: Asked): Keeper => {
    const keeper = agent.keeper(parameters['name'] ?? '');
    if (keeper !== undefined) return keeper;
    throw new ApiNotFoundError('portfolio', '/v1/portfolios');
  };
  const done = (): Answer => ({ json: { stops: agent.desk.stops() } });
  const stopRoutes = (path: string, whose: string, scopeOf: (asked: Asked) => string): readonly Route[] => [
    {
      method: 'POST',
      path: `${path}/kill`,
      summary: `Stops new risk of ${whose} until it is resumed; exits and what is under way go on`,
      reason: true,
      answer: (asked) => {
        agent.kill(scopeOf(asked), reasonIn(asked));
        return done();
      },
    },
    {
      method: 'POST',
      path: `${path}/pause`,
      summary: `Begins nothing new for ${whose} until it is resumed; what is under way comes to its end`,
      reason: true,
      answer: (asked) => {
        agent.pause(scopeOf(asked), reasonIn(asked));
        return done();
      },
    },
    {
      method: 'POST',
      path: `${path}/resume`,
      summary: `Takes kill switch and pause of ${whose} back`,
      reason: true,
      answer: (asked) => {
        agent.reset(scopeOf(asked), reasonIn(asked));
        return done();
      },
    },
  ];
  return [
    {
      method: 'GET',
      path: '/health',
      summary: 'Whether the agent looks at its portfolios',
      open: true,
      answer: () => ({ json: health(agent) }),
    },
    {
      method: 'GET',
      path: '/v1/portfolios',
      summary: 'All portfolios: where they stand, what was decided last and why',
      answer: () => ({ json: agent.keepers().map((keeper) => portfolioView(agent, keeper)) }),
    },
    {
      method: 'GET',
      path: '/v1/portfolios/:name',
      summary: 'One portfolio',
      answer: (asked) => ({ json: portfolioView(agent, keeperOf(asked)) }),
    },
    {
      method: 'GET',
      path: '/v1/portfolios/:name/decisions',
      summary: 'The last 50 decisions that differ from the one before, each with its reason; the latest first',
      answer: (asked) => ({ json: keeperOf(asked).now.history.map(standingView) }),
    },
    ...stopRoutes('/v1/portfolios/:name', 'one portfolio', (asked) => keeperOf(asked).name),
    {
      method: 'POST',
      path: '/v1/portfolios/:name/ripcord',
      summary: 'Trades to the target at once, past limits and stops, at the emergency cost and slippage',
      reason: true,
      answer: (asked) => {
        const keeper = keeperOf(asked);
        const reason = reasonIn(asked);
        if (!agent.worker.ripcord(keeper, 'by-hand')) throw new ApiBusyError(keeper.name);
        return { json: { begun: true, reason } };
      },
    },
    ...stopRoutes('/v1', 'all portfolios', () => EVERYWHERE),
    {
      method: 'GET',
      path: '/v1/limits',
      summary: 'What is used of the limits of all portfolios together, and what stops trading',
      answer: () => ({
        json: { total: agent.desk.totalLevels(agent.config().totalLimits), stops: agent.desk.stops() },
      }),
    },
    {
      method: 'GET',
      path: '/v1/intents',
      summary: 'The latest 100 intents',
      answer: async () => ({ json: await intentsView(agent) }),
    },
    {
      method: 'GET',
      path: '/v1/intents/:id',
      summary: 'One intent: what was signed, its steps, transactions, flows and transfers',
      answer: async ({ parameters }) => {
        const id = parameters['id'] ?? '';
        const view = /^0x[0-9a-f]{64}$/.test(id) ? await intentView(agent.journal, id as `0x${string}`) : undefined;
        if (view === undefined) throw new ApiNotFoundError('intent', '/v1/intents');
        return { json: view };
      },
    },
    {
      method: 'GET',
      path: '/v1/events',
      summary: 'What happens, as it happens: server-sent events',
      answer: ({ response }) => {
        streamEvents(agent.events, response);
        return undefined;
      },
    },
    {
      method: 'GET',
      path: '/v1/audit',
      summary: 'The audit log from entry `from` on, at most `most` entries, as `format` jsonl or csv',
      answer: ({ query }) => auditAnswer(agent, query),
    },
    {
      method: 'GET',
      path: '/metrics',
      summary: 'Metrics for Prometheus',
      answer: async () => ({ text: await metrics.text(), type: metrics.contentType }),
    },
  ];
}

/** No round for so long, while rounds are much more frequent, is not healthy. */
const SILENT_MS = 180_000;

function health(agent: Agent): Record<string, unknown> {
  const last = agent.lastRound();
  const { watch } = agent.config().agent;
  const allowedMs = SILENT_MS + (watch.kind === 'interval' ? watch.everySeconds * 1000 : 0);
  const silentMs = agent.clock.now() - (last?.endedMs ?? agent.startedMs);
  const status = silentMs > allowedMs ? 'silent' : last === undefined ? 'starting' : 'ok';
  return { status, mode: agent.config().agent.mode, portfolios: agent.keepers().length };
}

const MOST_ENTRIES = 10_000;

function auditAnswer({ state }: Agent, query: URLSearchParams): Answer {
  const from = whole(query.get('from') ?? '1', 'from');
  const most = Math.min(MOST_ENTRIES, whole(query.get('most') ?? String(MOST_ENTRIES), 'most'));
  const format = query.get('format') ?? 'jsonl';
  if (format !== 'jsonl' && format !== 'csv') {
    throw new ApiRequestInvalidError('format is neither jsonl nor csv.', 'Use one of them.');
  }
  const lines: string[] = format === 'csv' ? [CSV_HEADER] : [];
  const write = format === 'csv' ? toCsv : toJsonl;
  let left = most;
  for (const entry of auditEntries(state, from)) {
    if ((left -= 1) < 0) break;
    lines.push(write(entry));
  }
  return { text: lines.join(''), type: format === 'csv' ? 'text/csv; charset=utf-8' : 'application/x-ndjson' };
}

function whole(text: string, name: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new ApiRequestInvalidError(`${name} is no whole number from 1 on.`, 'Correct it.');
}

function reasonIn({ body }: Asked): string {
  const result = v.safeParse(reasonSchema, body);
  if (result.success) return result.output.reason;
  throw new ApiRequestInvalidError('The body gives no reason.', 'Send { "reason": "…" }: it stands in the audit log.');
}
