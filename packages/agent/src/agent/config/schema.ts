import * as v from 'valibot';
import { chainSchema } from '../../config/schema.js';

const usd = v.pipe(v.number(), v.minValue(0, 'must not be negative'));
const name = v.pipe(
  v.string(),
  v.regex(/^[\w.-]{1,64}$/, 'must be 1 to 64 letters, digits, dots, dashes, underscores'),
);
const bps = (max: number) =>
  v.pipe(
    v.number(),
    v.minValue(0, 'must not be negative'),
    v.maxValue(max, `must be at most ${max} bps; a guard that never bites is no guard`),
  );
const variable = v.pipe(v.string(), v.regex(/^[A-Za-z_]\w*$/, 'is not the name of an environment variable'));
const chainId = v.pipe(v.number(), v.integer(), v.minValue(1));
const seconds = (least: number, most: number) => v.pipe(v.number(), v.minValue(least), v.maxValue(most));

/** What trades may use in any 24 hours; what is left out has no limit. */
const dayLimits = {
  notionalPerDayUsd: v.exactOptional(usd),
  gasPerDayUsd: v.exactOptional(usd),
  /** All that trades cost against the reference price of their decisions. */
  lossPerDayUsd: v.exactOptional(usd),
  /** Spread, impact and delay of the day's trades, as a share of their notional. */
  slippageBps: v.exactOptional(bps(1000)),
};

const portfolioLimits = v.strictObject(dayLimits);
const totalLimits = v.strictObject({
  ...dayLimits,
  maxOpenIntents: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(256)), 4),
});

/** The emergency exit: one trade to the target, with patience for cost that everyday hedging does not have. */
const ripcord = v.strictObject({
  /** Fires by itself once a trade has been wanted, and not done, for so long. Left out: only by hand. */
  afterMinutes: v.exactOptional(v.pipe(v.number(), v.minValue(1))),
  maxCostBps: v.optional(bps(1000), 300),
  slippageBps: v.optional(v.pipe(bps(1000), v.integer('must be whole')), 100),
});

const watch = v.variant('kind', [
  /** At each new block of one chain, the first by default. */
  v.strictObject({
    kind: v.literal('block'),
    chainId: v.exactOptional(chainId),
    pollSeconds: v.optional(seconds(0.05, 60), 1),
  }),
  v.strictObject({ kind: v.literal('interval'), everySeconds: seconds(0.05, 86_400) }),
]);

const agent = v.strictObject({
  name: v.optional(name, 'agent'),
  /** Journal, limits, audit log. Default: `.evenkeel/` and the name. */
  stateFolder: v.exactOptional(v.pipe(v.string(), v.minLength(1, 'names no folder'))),
  /** `dry-run` simulates, `paper` also books what it simulated, `live` sends. */
  mode: v.optional(v.picklist(['dry-run', 'paper', 'live'], 'must be dry-run, paper or live'), 'dry-run'),
  watch: v.optional(watch, { kind: 'interval', everySeconds: 12 }),
  /** How long running steps have to end once the agent is told to stop; what has not ended then is parked. */
  shutdownSeconds: v.optional(seconds(0, 3600), 30),
});

const http = v.strictObject({
  host: v.optional(v.pipe(v.string(), v.minLength(1)), '127.0.0.1'),
  port: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(65_535)), 8730),
  /** Environment variable with the token that every request has to carry. */
  tokenEnv: v.optional(variable, 'EVENKEEL_AGENT_TOKEN'),
});

const webhook = v.strictObject({
  url: v.exactOptional(v.pipe(v.string(), v.url('is not a URL'))),
  /** Environment variable that holds the URL, when it is a secret. */
  urlEnv: v.exactOptional(variable),
  /** Environment variable with the key that requests are signed with (HMAC-SHA-256). */
  secretEnv: v.exactOptional(variable),
});

const alerts = v.strictObject({
  webhooks: v.optional(v.array(webhook), []),
  /** The same alert is not sent again before. */
  repeatAfterMinutes: v.optional(v.pipe(v.number(), v.minValue(0)), 60),
});

const url = v.pipe(v.string(), v.url('is not a URL'));

/** OpenTelemetry traces. */
const telemetry = v.strictObject({
  /** Of a collector that takes OTLP over HTTP. */
  otlpUrl: url,
  /** Environment variable with further headers, as `name=value,name=value`. */
  headersEnv: v.optional(variable, 'OTEL_EXPORTER_OTLP_HEADERS'),
});

/** The database in which agents share their outbox, and DBOS its state. */
const database = {
  databaseUrl: v.exactOptional(v.pipe(v.string(), v.startsWith('postgres', 'must begin with postgresql://'))),
  /** Environment variable that holds the URL, when it has a password. */
  databaseUrlEnv: v.exactOptional(variable),
  /** Tables are in schemas of this name and of names that begin with it. */
  schema: v.optional(
    v.pipe(v.string(), v.regex(/^[a-z][a-z0-9_]{0,39}$/, 'must be lower-case letters, digits and underscores')),
    'evenkeel',
  ),
};

/** What carries trades over hours and deaths: one process and its file, or something that many agents share. */
const engine = v.variant('kind', [
  v.strictObject({ kind: v.literal('sqlite') }),
  v.strictObject({
    kind: v.literal('dbos'),
    ...database,
    /** Of this process, the same at every start. Default: the agent's name. */
    executorId: v.exactOptional(name),
  }),
  v.strictObject({
    kind: v.literal('restate'),
    ...database,
    ingressUrl: v.optional(url, 'http://127.0.0.1:8080'),
    adminUrl: v.optional(url, 'http://127.0.0.1:9070'),
    /** Where the server calls this process. */
    listen: v.optional(
      v.strictObject({
        host: v.optional(v.pipe(v.string(), v.minLength(1)), '127.0.0.1'),
        port: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(65_535)), 9080),
      }),
      {},
    ),
    /** The one address behind which several agents stand. Default: as it listens. */
    deploymentUrl: v.exactOptional(url),
  }),
]);

const address = v.pipe(
  v.string(),
  v.regex(/^0x[0-9a-fA-F]{40}$/, 'is not an address; write 0x and 40 hex digits'),
  v.transform((text) => text as `0x${string}`),
);

/** Portfolios wait for one another, cross, and share one settlement a chain. */
const batch = v.strictObject({
  /** No trade is kept waiting for longer, whatever company is expected. */
  maxWaitSeconds: v.optional(seconds(1, 3600), 60),
  /** How long the orders of a cleared batch may be settled; then they are dead, and everybody trades alone. */
  settleSeconds: v.optional(v.pipe(v.number(), v.integer(), v.minValue(10), v.maxValue(600)), 60),
  /** How long after its end an order is proven dead: the finality of its chain. */
  proofSeconds: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(7200)), 900),
  /** Environment variable with the key that settles; the settlement contracts have to allow it. */
  solverKeyEnv: v.optional(variable, 'EVENKEEL_BATCH_KEY'),
  chains: v.pipe(
    v.array(v.strictObject({ chainId, settlement: address, vaultRelayer: address })),
    v.minLength(1, 'names no chain'),
  ),
});

/** Keys of a portfolio that the agent reads; the others are those of docs/configuration.md. */
const agentKeys = v.looseObject({
  name,
  /** All of the shared chains, or some by id, each with what is different for this portfolio. */
  chains: v.exactOptional(v.pipe(v.array(v.union([chainId, v.looseObject({ id: chainId })])), v.minLength(1))),
  dayLimits: v.optional(portfolioLimits, {}),
  ripcord: v.optional(ripcord, {}),
  /** `off`: it trades alone, whatever company there is. */
  batch: v.exactOptional(v.literal('off', 'must be off, or be left out')),
});

/** The agent's file: what is shared, and one entry a portfolio. Unknown keys are refused. */
export const agentFileSchema = v.strictObject({
  agent: v.optional(agent, {}),
  http: v.optional(v.union([v.literal('off'), http], 'must be "off" or a mapping'), {}),
  alerts: v.optional(alerts, {}),
  engine: v.optional(engine, { kind: 'sqlite' }),
  telemetry: v.optional(v.union([v.literal('off'), telemetry], 'must be "off" or a mapping'), 'off'),
  batch: v.exactOptional(batch),
  totalLimits: v.optional(totalLimits, {}),
  chains: v.pipe(v.array(chainSchema), v.minLength(1, 'needs at least one chain')),
  defaults: v.optional(v.record(v.string(), v.unknown()), {}),
  portfolios: v.pipe(v.array(agentKeys), v.minLength(1, 'needs at least one portfolio')),
});

export type AgentFile = v.InferOutput<typeof agentFileSchema>;
export type PortfolioLimits = v.InferOutput<typeof portfolioLimits>;
export type TotalLimits = v.InferOutput<typeof totalLimits>;
export type EngineConfig = AgentFile['engine'];
export type BatchConfig = v.InferOutput<typeof batch>;
export type RipcordConfig = v.InferOutput<typeof ripcord>;
