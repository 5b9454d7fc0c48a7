import type {
  Address,
  Clock,
  Decision,
  DecimalString,
  Exposure,
  Journal,
  Logger,
  Random,
  VolatilityFeed,
} from '@evenkeel/core';
import type { HedgeInstruments, HedgingRebalancer } from '@evenkeel/core/hedger';
import { withoutBids } from '@evenkeel/core/networks';
import type { Portfolio, RebalancerPorts } from '@evenkeel/core/rebalancer';
import type { EoaSigner } from '@evenkeel/accounts';
import type { WatchedVenue } from '../../assemble/watches.js';
import { assemble, rebalancerOf, type Surroundings } from '../../assemble/portfolio.js';
import type { CandleHistory } from '../../candles/history.js';
import type { AgentPortfolio } from '../config/parse-agent.js';
import type { Company } from '../company/company.js';
import type { Outlook } from '../company/outlook.js';
import type { AgentEvent } from '../events.js';
import type { ProvenMemory } from '../watch/proven-memory.js';
import type { SharedChains } from '../watch/shared-chains.js';
import { portfolioJournal } from './portfolio-journal.js';

/** The last thing that was decided about a portfolio, and where it stood. */
export interface Standing {
  readonly atMs: number;
  readonly action: 'hold' | 'trade' | 'undecided';
  /** Stable reason code; that of the error where nothing could be decided. */
  readonly code: string;
  readonly sentence: string;
  readonly delta: Exposure['delta'] | null;
  readonly band: { readonly low: DecimalString; readonly high: DecimalString; readonly target: DecimalString } | null;
  readonly spot: DecimalString | null;
  /** Of a trade: what would be traded, signed units. */
  readonly changeUnits: DecimalString | null;
  /** Of the optimal rule: whether a prepared table of the exact optimum drew the band, or the closed form, and why that. */
  readonly bandSource: Decision['bandSource'] | null;
  readonly bandReason: string | null;
  /** What a trend did to the band, or why none was acted on. */
  readonly trendReason: string | null;
}

/** A decision as what is kept of it. */
export function standingOf(decision: Decision, at: Pick<Standing, 'atMs' | 'delta' | 'spot'>): Standing {
  const { action, band, bandReason, bandSource, reason, sentence, trendReason } = decision;
  return Object.freeze({
    ...at,
    action,
    code: reason,
    sentence,
    band: band === undefined ? null : { low: band.low, high: band.high, target: band.target },
    changeUnits: decision.action === 'trade' ? decision.deltaChangeUnits : null,
    bandSource: bandSource ?? null,
    bandReason: bandReason ?? null,
    trendReason: trendReason ?? null,
  });
}

export type KeeperActivity = 'watching' | 'rebalancing' | 'resuming' | 'ripcord' | 'tracking' | 'margin' | 'settling';

/** One portfolio as the agent keeps it. The only thing of it that changes is what stands in `now`. */
export interface Keeper {
  readonly name: string;
  readonly owner: Address;
  readonly settings: AgentPortfolio;
  readonly portfolio: Portfolio;
  readonly ports: RebalancerPorts & { readonly memory: ProvenMemory };
  readonly rebalancer: HedgingRebalancer;
  /** What competes with spot; undefined where nothing does. */
  readonly instruments: HedgeInstruments | undefined;
  /** Venues on which things happen by themselves. */
  readonly watched: readonly WatchedVenue[];
  /** The same for the emergency exit: one piece, at the ripcord's own cost and slippage; by another journal where one is given. */
  readonly emergency: (journal?: Journal) => HedgingRebalancer;
  /** Portfolios with the same key see the same market. */
  readonly market: string;
  readonly now: KeeperState;
  /** Prepares nothing for it any more. */
  readonly close: () => void;
}

export interface KeeperState {
  activity: KeeperActivity;
  standing: Standing | undefined;
  /** The last of them first. */
  history: readonly Standing[];
  /** Not looked at before. */
  dueMs: number;
  /** Nothing is begun before. */
  restUntilMs: number;
  /** Attempts that failed, one after another. */
  failures: number;
  /** When late transfers were last looked at. */
  trackedMs: number;
  /** The journal holds something that has not come to its end. */
  unfinished: boolean;
  /** What has become of positions by itself, and was told. */
  changes: ReadonlySet<string>;
  /** Something has happened: it is looked at in full at once. */
  pressing: boolean;
  /** Something is over and has to be settled. */
  settling: boolean;
  /** Instruments whose cost of holding has turned: the others compete for what is held of them. */
  comparing: Set<string>;
  /** Instruments that are asked for nothing, for nothing can be traded there. */
  shut: ReadonlySet<string>;
  /** Margins are not kept before. */
  marginRestMs: number;
  /** Attempts to keep them that failed, one after another. */
  marginFailures: number;
  /** What the last look says of trades to come; undefined until the next one once it has traded. */
  outlook: Outlook | undefined;
  /** Since when a trade has been wanted and not been done. */
  outsideSinceMs: number | undefined;
}

export interface KeeperParts {
  readonly journal: Journal;
  readonly random: Random;
  readonly env: NodeJS.ProcessEnv;
  readonly chains: SharedChains;
  readonly signerOf: (settings: AgentPortfolio) => EoaSigner;
  readonly logger: Logger;
  /** Files of candles, read once for all. */
  readonly history: CandleHistory;
  /** Where tables of the exact optimum are kept and how they are made, one at a time for all. */
  readonly tables: NonNullable<Surroundings['tables']>;
  readonly clock: Clock;
  /** Whom it may wait for. */
  readonly company: Company;
  /** What was seen last of a portfolio; the same as long as it keeps its name, whatever else of it changes. */
  readonly memoryOf: (settings: AgentPortfolio) => ProvenMemory;
  readonly extend: PortExtension;
  /** Whether hedges may be instruments that a configuration names: not on paper, which knows tokens only. */
  readonly withInstruments: boolean;
}

/** Adds to what a configuration can name, or changes it: adapters of one's own, feeds, sources of positions. */
export type PortExtension = (ports: RebalancerPorts, settings: AgentPortfolio) => RebalancerPorts;

/** How long a volatility is believed: a forecast reads a file and fits a model. */
const VOLATILITY_MS = 60_000;

/**
 * @throws what `assemble` throws, INVALID_INPUT, SIGNER_KEY_MISSING, PORTFOLIO_INVALID
 */
export function openKeeper(settings: AgentPortfolio, parts: KeeperParts): Keeper {
  const { config } = settings;
  const { chains, clock, env, history, journal, logger, random, signerOf, tables } = parts;
  const member = parts.company.enter(settings);
  const assembled = assemble(config, {
    signer: signerOf(settings),
    journal: portfolioJournal(journal, { owner: config.owner, underlying: config.underlying }),
    random,
    env,
    logger,
    clock,
    connect: chains.connect,
    history,
    tables,
    ...(member === undefined ? {} : { moreSolvers: member.solver }),
  });
  // A trade that waits for a bridge for hours keeps its portfolio from being hedged otherwise.
  const execution = { ...assembled.portfolio.execution, letGoOfLate: true };
  const portfolio: Portfolio = { ...assembled.portfolio, execution };
  const { networks } = assembled.ports;
  const ports = {
    ...parts.extend(
      {
        ...assembled.ports,
        volatility: remembered(assembled.ports.volatility, () => clock.now()),
        ...(member === undefined || networks === undefined
          ? {}
          : { networks: member.networks(assembled.ports, networks) }),
      },
      settings,
    ),
    memory: parts.memoryOf(settings),
  };
  const now: KeeperState = { ...AT_FIRST, comparing: new Set() };
  const instruments = parts.withInstruments ? openOnes(assembled.instruments, now) : undefined;
  const rebalancer = rebalancerOf(portfolio, ports, instruments);
  const { maxCostBps, slippageBps } = settings.ripcord;
  return Object.freeze({
    name: config.name,
    owner: config.owner,
    settings,
    portfolio,
    ports,
    rebalancer,
    instruments,
    watched: assembled.watched,
    emergency: (own = ports.journal) =>
      rebalancerOf(
        {
          ...portfolio,
          policy: { ...portfolio.policy, maxCostBps },
          schedule: { ...portfolio.schedule, kind: 'single' },
          limits: { ...portfolio.limits, slippageBps },
        },
        {
          ...ports,
          journal: own,
          // An emergency waits for nobody.
          ...(ports.networks !== undefined && { networks: withoutBids(ports.networks) }),
        },
        instruments,
      ),
    market: marketOf(settings),
    now,
    close: () => assembled.optimum?.preparer.close(),
  });
}

const AT_FIRST: KeeperState = {
  activity: 'watching',
  standing: undefined,
  history: [],
  dueMs: 0,
  restUntilMs: 0,
  failures: 0,
  trackedMs: 0,
  unfinished: false,
  changes: new Set(),
  pressing: false,
  settling: false,
  comparing: new Set(),
  shut: new Set(),
  marginRestMs: 0,
  marginFailures: 0,
  outlook: undefined,
  outsideSinceMs: undefined,
};
const HISTORY = 50;

/** Without those that are shut, as long as they are. */
function openOnes(instruments: HedgeInstruments | undefined, now: KeeperState): HedgeInstruments | undefined {
  if (instruments === undefined) return undefined;
  const { contenders } = instruments;
  return { ...instruments, contenders: (seen) => contenders(seen).filter(({ adapter }) => !now.shut.has(adapter.id)) };
}

/** Notes where a portfolio stands. @returns whether that is something else than before */
export function note(keeper: Keeper, standing: Standing): boolean {
  const { now } = keeper;
  const before = now.standing;
  now.standing = standing;
  const isNew = before?.code !== standing.code || before.action !== standing.action;
  // The same again takes the place of the last one: what matters is when it became so, and what is now.
  now.history = [standing, ...(isNew ? now.history : now.history.slice(1))].slice(0, HISTORY);
  return isNew;
}

/** A decision as the agent tells it. */
export function decisionEvent(portfolio: string, standing: Standing, level: 'info' | 'warn'): Omit<AgentEvent, 'atMs'> {
  const { action, band, bandReason, bandSource, changeUnits, code, delta, sentence, trendReason } = standing;
  const details = { action, delta, band, changeUnits, bandSource, bandReason, trendReason };
  return { kind: 'decision', level, code, portfolio, sentence, details };
}

/** All that a look at the market depends on. */
function marketOf({ config }: AgentPortfolio): string {
  const { across, adapters, chains, lifi, limits, underlying } = config;
  const { maxAgeSeconds, maxBlockAgeSeconds, maxDisagreementPercent, maxHops, slippageBps, solicitSeconds } = limits;
  return JSON.stringify([
    underlying,
    adapters,
    across ?? null,
    lifi ?? null,
    [
      maxAgeSeconds,
      maxBlockAgeSeconds ?? null,
      maxDisagreementPercent,
      maxHops,
      slippageBps,
      solicitSeconds,
      config.policy.lotUnits,
    ],
    chains,
  ]);
}

function remembered(feed: Pick<VolatilityFeed, 'realised'>, now: () => number): Pick<VolatilityFeed, 'realised'> {
  let last: { readonly atMs: number; readonly value: ReturnType<VolatilityFeed['realised']> } | undefined;
  return {
    realised: (asset, signal) => {
      if (last === undefined || now() - last.atMs > VOLATILITY_MS) {
        const value = feed.realised(asset, signal);
        const asked = { atMs: now(), value };
        last = asked;
        value.catch(() => {
          if (last === asked) last = undefined;
        });
      }
      return last.value;
    },
  };
}
