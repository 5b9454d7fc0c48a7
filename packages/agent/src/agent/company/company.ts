import { cow, type CowOptions } from '@evenkeel/adapters/cow';
import type { Chain, Clock, SolverAdapter } from '@evenkeel/core';
import type { ContestedSlice, NetworksPort, RebalancerPorts } from '@evenkeel/core/rebalancer';
import { InvalidInputError } from '@evenkeel/intents';
import { Wallet } from 'ethers';
import { baseToken, type ConnectedChain, quoteToken } from '../../assemble/adapters.js';
import { type ReadMarket, readMarket } from '../../batch/market.js';
import type { BatchPlace } from '../../batch/place.js';
import type { AgentPortfolio } from '../config/parse-agent.js';
import type { BatchConfig } from '../config/schema.js';
import type { AgentEvents } from '../events.js';
import type { Keeper } from '../keeping/keeper.js';
import { expectedNeeds } from './expected.js';
import { absentOf } from './absent.js';
import type { Need } from './need.js';
import { companyNetworks } from './networks.js';
import { openRoom, type Room } from './room.js';
import type { SettlerKey } from './send-settlement.js';
import { openSettler, type Settler } from './settler.js';

/** What a portfolio's networks need to follow orders of batches. */
export interface BatchSolver {
  readonly adapter: SolverAdapter;
  readonly patienceSeconds: number;
  readonly proofSeconds: number;
}

/** One portfolio among those that wait for one another. */
export interface Member {
  readonly solver: (chains: readonly ConnectedChain[]) => BatchSolver;
  /** What its loop asks instead; after `solver`, whose orders it makes. */
  readonly networks: (ports: RebalancerPorts, networks: NetworksPort) => NetworksPort;
}

/** All portfolios of an agent that wait for one another. */
export interface Company {
  /** Undefined for one that trades alone. */
  enter(settings: AgentPortfolio): Member | undefined;
}

export interface CompanyParts {
  readonly env: NodeJS.ProcessEnv;
  /** Whether anything is sent: else nobody has to be able to settle. */
  readonly isLive: boolean;
  readonly clock: Clock;
  readonly events: AgentEvents;
  /** All that are kept now. */
  readonly keepers: () => readonly Keeper[];
  readonly signal: AbortSignal;
}

const BATCH_ID = 'batch';

export function openCompany(parts: CompanyParts): Company {
  const settlers = new Map<string, Settler>();
  const rooms = new Map<string, Room>();
  const settlerOf = (config: BatchConfig): Settler => {
    const key = JSON.stringify([config.solverKeyEnv, config.settleSeconds]);
    const settler = settlers.get(key) ?? newSettler(parts, config);
    settlers.set(key, settler);
    return settler;
  };
  return Object.freeze({
    enter: ({ batch, config }) => {
      if (batch === undefined) return undefined;
      const settler = settlerOf(batch);
      const key = JSON.stringify([
        batch,
        config.underlying,
        config.chains.map(({ base, id, quote }) => [id, base, quote]),
      ]);
      const room = rooms.get(key) ?? newRoom(parts, batch, settler);
      rooms.set(key, room);
      return memberOf(parts, { batch, config }, room, settler);
    },
  } satisfies Company);
}

function memberOf(
  parts: CompanyParts,
  { batch, config }: { readonly batch: BatchConfig; readonly config: AgentPortfolio['config'] },
  room: Room,
  settler: Settler,
): Member {
  let orders: CowOptions | undefined;
  let connected: readonly ConnectedChain[] = [];
  const { name } = config;
  return Object.freeze({
    solver: (chains) => {
      connected = chains;
      orders = ordersOf(batch, chains, settler, parts.clock);
      return { adapter: cow(orders), patienceSeconds: batch.settleSeconds, proofSeconds: batch.proofSeconds };
    },
    networks: ({ venues }, networks) =>
      companyNetworks(networks, {
        portfolio: name,
        room,
        orders: orders!,
        settleSeconds: batch.settleSeconds,
        outlook: () => parts.keepers().find((keeper) => keeper.name === name)?.now.outlook,
        places: (slice) => placesOf(batch, connected, venues, settler, slice),
        tell: async ({ dryRun, parts: { clock, journal }, signed, slice }, code, sentence, details) => {
          const decision = { code, sentence, simulated: dryRun, details: plain(details) };
          await journal.appendDecision({ atMs: clock.now(), intentId: signed.id, slice: slice.index, ...decision });
          parts.events.emit({ kind: 'decision', level: 'info', code, portfolio: name, sentence, details });
          if (code !== 'BATCH_WAITS') forget(parts, name);
        },
      }),
  } satisfies Member);
}

/** Whoever has had its answer is expected no more, until the next look. */
function forget({ keepers }: CompanyParts, name: string): void {
  const keeper = keepers().find((each) => each.name === name);
  if (keeper !== undefined) keeper.now.outlook = undefined;
}

function newRoom(parts: CompanyParts, { maxWaitSeconds }: BatchConfig, settler: Settler): Room {
  return openRoom({
    maxWaitSeconds,
    clock: parts.clock,
    read: readMarkets(parts.signal),
    expected: (here, markets, waitSeconds) => {
      const [first] = here;
      const { annualVolatility, reference } = first!.slice.survey;
      const { base, quote } = markets[0]!.market;
      const outdoors = {
        spot: Number(reference.price),
        annualVolatility,
        baseDecimals: base.decimals,
        quoteDecimals: quote.decimals,
        markets: markets.map(({ market }) => market.id),
      };
      return expectedNeeds(absentOf(parts.keepers(), here, parts.clock.now()), outdoors, waitSeconds);
    },
    waits: async ({ portfolio, slice }, decision) => {
      const { code, sentence, waitSeconds, weighed } = decision;
      const told = `Slice ${slice.slice.index} waits for company: ${sentence}`;
      const details = { because: code, waitSeconds, weighed };
      const { clock, journal } = slice.parts;
      await journal.appendDecision({
        atMs: clock.now(),
        intentId: slice.signed.id,
        slice: slice.slice.index,
        code: 'BATCH_WAITS',
        sentence: told,
        simulated: slice.dryRun,
        details: plain(details),
      });
      parts.events.emit({ kind: 'decision', level: 'info', code: 'BATCH_WAITS', portfolio, sentence: told, details });
    },
    cleared: (batch) => {
      // What is only simulated is signed by nobody.
      if (!batch.needs.some(({ slice }) => slice.dryRun)) settler.expect(batch);
    },
  });
}

function readMarkets(signal: AbortSignal): (needs: readonly Need[]) => Promise<readonly ReadMarket[]> {
  return (needs) => {
    const places = new Map(needs.flatMap((need) => need.places).map((place) => [place.chain.id, place]));
    return Promise.all([...places.values()].map((place) => readMarket(place, signal)));
  };
}

function newSettler({ clock, env, events, isLive, signal }: CompanyParts, config: BatchConfig): Settler {
  return openSettler({
    key: keyOf(env, isLive, config),
    clock,
    settleSeconds: config.settleSeconds,
    signal,
    tell: (batch, code, sentence, details) => {
      const level = code === 'BATCH_SETTLED' ? 'info' : 'warn';
      for (const { portfolio } of batch.needs) {
        events.emit({ kind: 'execution', level, code, portfolio, sentence, details: { batch: batch.id, ...details } });
      }
    },
    blame: async (batch, { portfolio, slice }, sentence) => {
      const code = 'BATCH_REMOVED';
      const told = `Slice ${slice.slice.index} is taken out of batch ${batch.id}: ${sentence}`;
      const details = { batch: batch.id };
      const { clock: own, journal } = slice.parts;
      const decision = { code, sentence: told, simulated: false, details };
      await journal.appendDecision({
        atMs: own.now(),
        intentId: slice.signed.id,
        slice: slice.slice.index,
        ...decision,
      });
      events.emit({ kind: 'decision', level: 'warn', code, portfolio, sentence: told, details });
    },
  });
}

/** @throws {InvalidInputError} INVALID_INPUT for a key that is missing, or that is none */
function keyOf(env: NodeJS.ProcessEnv, isLive: boolean, { solverKeyEnv }: BatchConfig): SettlerKey {
  const key = env[solverKeyEnv];
  if (key === undefined && !isLive) return NOBODY;
  if (key !== undefined && /^0x[0-9a-fA-F]{64}$/.test(key)) return new Wallet(key);
  const hint = 'Set it to 0x and 64 hex digits: the key that the settlement contracts allow to settle.';
  throw new InvalidInputError('batch.solverKeyEnv', solverKeyEnv, 'names a variable without a key', hint);
}

const NOBODY: SettlerKey = Object.freeze({
  address: `0x${'00'.repeat(20)}`,
  signTransaction: () => Promise.reject(new Error('Nothing is settled where nothing is sent.')),
});

function ordersOf(batch: BatchConfig, chains: readonly ConnectedChain[], settler: Settler, clock: Clock): CowOptions {
  const here = batch.chains.flatMap(({ chainId, settlement, vaultRelayer }) => {
    const chain = chainIn(chains, chainId)?.chain;
    if (chain === undefined) return [];
    return [[chainId, { chain, settlement, vaultRelayer, orderBook: settler.book(chain, settlement) }] as const];
  });
  const { settleSeconds: orderSeconds } = batch;
  const [id, name] = [BATCH_ID, 'the batches of this agent'];
  return { id, name, chains: Object.fromEntries(here), clock, orderSeconds, slippageBps: 0 };
}

/** On the chains that the look before the slice could read. */
function placesOf(
  batch: BatchConfig,
  chains: readonly ConnectedChain[],
  venues: RebalancerPorts['venues'],
  settler: Settler,
  { survey: { nativePrice } }: ContestedSlice,
): readonly BatchPlace[] {
  return batch.chains.flatMap(({ chainId, settlement, vaultRelayer }): BatchPlace[] => {
    const found = chainIn(chains, chainId);
    const price = nativePrice[chainId];
    if (found === undefined || price === undefined) return [];
    const { chain, config } = found;
    return [
      {
        chain,
        base: baseToken(config),
        quote: quoteToken(config),
        venues: venues.filter(({ capabilities }) => capabilities.curve && capabilities.chains.includes(chainId)),
        settlement: { chainId, settlement, solver: settler.address },
        relayer: vaultRelayer,
        nativePrice: price,
      },
    ];
  });
}

function chainIn(
  chains: readonly ConnectedChain[],
  id: number,
): (ConnectedChain & { readonly chain: Chain }) | undefined {
  return chains.find(({ config }) => config.id === id);
}

/** Plain JSON, as the journal wants it. */
function plain(details: Readonly<Record<string, unknown>>): Record<string, never> {
  return JSON.parse(JSON.stringify(details)) as Record<string, never>;
}
