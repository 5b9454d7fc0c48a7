import { InvalidInputError } from '@evenkeel/intents';
import { checked, type FieldOf } from '../../config/checked.js';
import type { PortfolioConfig } from '../../config/complete.js';
import { parseConfig, readYaml } from '../../config/load.js';
import {
  type AgentFile,
  agentFileSchema,
  type BatchConfig,
  type EngineConfig,
  type PortfolioLimits,
  type RipcordConfig,
} from './schema.js';

/** One portfolio as the agent keeps it. */
export interface AgentPortfolio {
  readonly config: PortfolioConfig;
  readonly dayLimits: PortfolioLimits;
  readonly ripcord: RipcordConfig;
  /** Whose company it waits for; undefined where it trades alone. */
  readonly batch?: BatchConfig;
}

/** The agent's file, checked, with everything filled in. */
export interface AgentConfig extends Pick<
  AgentFile,
  'agent' | 'http' | 'alerts' | 'engine' | 'telemetry' | 'totalLimits'
> {
  readonly portfolios: readonly AgentPortfolio[];
}

const DOCS = 'docs/agent.md';
/** What of a portfolio's entry is not the rebalancer's. */
const AGENT_KEYS: ReadonlySet<string> = new Set(['batch', 'chains', 'dayLimits', 'ripcord']);

type Mapping = Readonly<Record<string, unknown>>;

/** Reads and checks the agent's file. @throws CONFIG_UNREADABLE and as {@link parseAgentConfig} */
export function loadAgentConfig(file: string): AgentConfig {
  return parseAgentConfig(readYaml(file));
}

/**
 * Checks the agent's file. Each portfolio is its own entry over `defaults` (`policy`, `limits` and other mappings are
 * joined by their keys) on the shared chains.
 *
 * @throws INVALID_INPUT with the path in the file as it is written, and what `parseConfig` throws
 *
 * @example
 * ```ts
 * const { portfolios } = parseAgentConfig({
 *   chains: [{ id: 8453, rpcUrlEnv: 'BASE_RPC', base: 'WETH', quote: 'USDC' }],
 *   defaults: { underlying: 'ETH', annualVolatilityPercent: 65 },
 *   portfolios: [{ name: 'a', owner: '0x…' }, { name: 'b', owner: '0x…', policy: { targetDeltaUnits: '2' } }],
 * })
 * ```
 */
export function parseAgentConfig(input: unknown): AgentConfig {
  const { agent, alerts, batch, chains, defaults, engine, http, portfolios, telemetry, totalLimits } = checked(
    agentFileSchema,
    input,
    DOCS,
  );
  refuseTwice(chains, ({ id }) => id, 'chains', 'id');
  for (const key of ['batch', 'name', 'owner', 'chains', 'journal', 'dayLimits', 'ripcord']) {
    if (!(key in defaults)) continue;
    throw new InvalidInputError(`defaults.${key}`, defaults[key], 'belongs to each portfolio', 'Move it there.');
  }
  const written = input as { chains: readonly Mapping[]; portfolios: readonly Mapping[] };
  const complete = portfolios.map(({ batch: stays, dayLimits, ripcord }, index): AgentPortfolio => {
    const entry = written.portfolios[index]!;
    const at = `portfolios.${index}`;
    if ('journal' in entry) {
      const hint = 'All portfolios of an agent share the journal in its stateFolder.';
      throw new InvalidInputError(`${at}.journal`, entry['journal'], 'is not a key of an agent', hint);
    }
    const own = Object.fromEntries(Object.entries(entry).filter(([key]) => !AGENT_KEYS.has(key)));
    const picked = chainsOf(entry['chains'], written.chains, at);
    const merged = { ...joined(defaults, own), chains: picked.map(({ chain }) => chain) };
    const fieldOf: FieldOf = (path) => {
      const [first = '', number = '', ...rest] = path.split('.');
      if (first !== 'chains' || number === '') return placeOf(path, at, own, defaults);
      const { from, override } = picked[Number(number)]!;
      return [override !== undefined && has(override.value, rest) ? override.at : `chains.${from}`, ...rest].join('.');
    };
    const company = batch === undefined || stays === 'off' ? {} : { batch };
    return Object.freeze({ config: parseConfig(merged, fieldOf), dayLimits, ripcord, ...company });
  });
  refuseTwice(complete, ({ config }) => config.name, 'portfolios', 'name');
  refuseTwice(
    complete,
    ({ config }) => `${config.owner.toLowerCase()} ${config.underlying}`,
    'portfolios',
    'owner',
    'Two portfolios of one owner and one underlying would undo one another: make one of them.',
  );
  if (agent.mode === 'live' && totalLimits.notionalPerDayUsd === undefined) {
    const hint = 'Say how much all portfolios together may trade in 24 hours.';
    throw new InvalidInputError('totalLimits.notionalPerDayUsd', undefined, 'is missing, and the mode is live', hint);
  }
  const { watch } = agent;
  if (watch.kind === 'block' && watch.chainId !== undefined && !chains.some(({ id }) => id === watch.chainId)) {
    throw new InvalidInputError('agent.watch.chainId', watch.chainId, 'is not among the chains', 'Add it to chains.');
  }
  for (const [index, { url, urlEnv }] of alerts.webhooks.entries()) {
    if ((url === undefined) !== (urlEnv === undefined)) continue;
    const hint = 'Give url, or urlEnv with the name of an environment variable.';
    throw new InvalidInputError(`alerts.webhooks.${index}.url`, undefined, 'is said not once', hint);
  }
  checkEngine(engine, complete);
  if (batch !== undefined) checkBatch(batch, engine, chains);
  return Object.freeze({ agent, alerts, engine, http, telemetry, totalLimits, portfolios: Object.freeze(complete) });
}

/** @throws {InvalidInputError} INVALID_INPUT for an engine without its database, or that cannot carry out what is wanted */
function checkEngine(engine: EngineConfig, portfolios: readonly AgentPortfolio[]): void {
  if (engine.kind === 'sqlite') return;
  if ((engine.databaseUrl === undefined) === (engine.databaseUrlEnv === undefined)) {
    const hint = 'Give databaseUrl, or databaseUrlEnv with the name of an environment variable.';
    throw new InvalidInputError('engine.databaseUrl', engine.databaseUrl, 'is to be said once', hint);
  }
  const index = portfolios.findIndex(({ config }) => config.instruments !== undefined);
  if (index === -1) return;
  const hint = `Leave instruments out, or use engine: { kind: sqlite }.`;
  throw new InvalidInputError(
    `portfolios.${index}.instruments`,
    engine.kind,
    'needs an agent with an engine of its own: on a shared one hedges are spot',
    hint,
  );
}

/** @throws {InvalidInputError} INVALID_INPUT for a chain that is not there, or twice, and for an engine that agents share */
function checkBatch({ chains }: BatchConfig, { kind }: EngineConfig, shared: AgentFile['chains']): void {
  for (const [index, { chainId }] of chains.entries()) {
    if (shared.some(({ id }) => id === chainId)) continue;
    throw new InvalidInputError(
      `batch.chains.${index}.chainId`,
      chainId,
      'is not among the chains',
      'Add it to chains.',
    );
  }
  refuseTwice(chains, ({ chainId }) => chainId, 'batch.chains', 'chainId');
  if (kind === 'sqlite') return;
  const hint = 'Leave batch out, or use engine: { kind: sqlite }.';
  throw new InvalidInputError('batch', kind, 'needs an agent with an engine of its own', hint);
}

interface PickedChain {
  readonly chain: Mapping;
  /** Index among the shared chains. */
  readonly from: number;
  readonly override: { readonly value: Mapping; readonly at: string } | undefined;
}

/** The shared chains that a portfolio names, with what is different for it. */
function chainsOf(named: unknown, shared: readonly Mapping[], at: string): readonly PickedChain[] {
  if (named === undefined) return shared.map((chain, from) => ({ chain, from, override: undefined }));
  return (named as readonly (number | Mapping)[]).map((each, index) => {
    const id = typeof each === 'number' ? each : each['id'];
    const field = `${at}.chains.${index}`;
    const from = shared.findIndex((chain) => chain['id'] === id);
    if (from === -1) throw new InvalidInputError(field, id, 'is not among the shared chains', 'Add it to chains.');
    if (typeof each === 'number') return { chain: shared[from]!, from, override: undefined };
    for (const key of ['rpcUrl', 'rpcUrlEnv', 'contracts', 'confirmations']) {
      if (!(key in each)) continue;
      const hint = 'All portfolios share the connection: say it in chains.';
      throw new InvalidInputError(`${field}.${key}`, key, 'is the same for all portfolios', hint);
    }
    return { chain: { ...shared[from]!, ...each }, from, override: { value: each, at: field } };
  });
}

/** An entry over the defaults: a mapping of both is joined by its keys, anything else is taken from the entry. */
function joined(defaults: Mapping, entry: Mapping): Mapping {
  const entries = Object.entries(entry).map(([key, value]) => {
    const under = defaults[key];
    // A choice between kinds is one value: halves of two of them make none.
    return [key, isMapping(value) && isMapping(under) && !('kind' in value) ? { ...under, ...value } : value] as const;
  });
  return { ...defaults, ...Object.fromEntries(entries) };
}

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function placeOf(path: string, at: string, own: Mapping, defaults: Mapping): string {
  const keys = path.split('.');
  const isDefault = !has(own, keys) && has(defaults, keys);
  return isDefault ? `defaults.${path}` : `${at}.${path}`;
}

function has(value: unknown, [key, ...rest]: readonly string[]): boolean {
  if (key === undefined) return true;
  if (typeof value !== 'object' || value === null || !(key in value)) return false;
  return has((value as Mapping)[key], rest);
}

function refuseTwice<T>(
  all: readonly T[],
  keyOf: (each: T) => string | number,
  list: string,
  key: string,
  hint = 'Keep one of them.',
): void {
  const seen = new Set<string | number>();
  for (const [index, each] of all.entries()) {
    const value = keyOf(each);
    if (seen.has(value)) throw new InvalidInputError(`${list}.${index}.${key}`, value, 'stands there twice', hint);
    seen.add(value);
  }
}
