import { join } from 'node:path';
import type { EoaSigner } from '@evenkeel/accounts';
import type { Chain, Clock, Journal, Logger, Random } from '@evenkeel/core';
import { sqliteJournal } from '@evenkeel/core/journal-sqlite';
import { intentWorkflow, rebalancerTurns } from '@evenkeel/core/workflow';
import type { Surroundings } from '../assemble/portfolio.js';
import { candleHistory } from '../candles/history.js';
import { type Alerts, openAlerts } from './alerts/alerts.js';
import type { AgentConfig, AgentPortfolio } from './config/parse-agent.js';
import { openSharedEngine, openSharedJournal, openSharedLedger } from './engine/open-engine.js';
import { type SharedRuns, sharedRuns } from './engine/shared-runs.js';
import { type AgentEvents, agentEvents } from './events.js';
import { type Desk, type LimitNews, openDesk } from './limits/desk.js';
import { shareDesk } from './limits/shared-desk.js';
import type { SharedLedger } from './limits/shared-ledger.js';
import { EVERYWHERE } from './limits/stops.js';
import { paperChain } from './paper/paper-chain.js';
import { paperLedger } from './paper/paper-ledger.js';
import { openCompany } from './company/company.js';
import { runAgent } from './run-agent.js';
import { type AuditLog, auditLog } from './state/audit-log.js';
import { type AgentState, openAgentState } from './state/open-state.js';
import { openOutside } from './watch/outside.js';
import { type ProvenMemory, provenMemory } from './watch/proven-memory.js';
import { type RoundReport, rounds } from './watch/rounds.js';
import { sharedChains } from './watch/shared-chains.js';
import type { RebalancerPorts } from '@evenkeel/core/rebalancer';
import { type Keeper, openKeeper, type PortExtension } from './keeping/keeper.js';
import { sharedTables } from './keeping/shared-tables.js';
import { openRoster } from './keeping/roster.js';
import { openWorker, type SharedWork, type Worker } from './keeping/worker.js';

/** What an agent needs besides its file. */
export interface AgentParts {
  /** Journal and state are in here. */
  readonly folder: string;
  readonly signerOf: (settings: AgentPortfolio) => EoaSigner;
  readonly env: NodeJS.ProcessEnv;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Where tables of the exact optimum are kept and how they are made. Default: the user's cache, in a thread. */
  readonly tables?: Surroundings['tables'];
  /** For adapters, feeds and sources that no file can name. Default: none. */
  readonly extend?: PortExtension;
}

/** Many portfolios, kept by one process. */
export interface Agent {
  readonly config: () => AgentConfig;
  readonly keepers: () => readonly Keeper[];
  /** Undefined for a name that is not known. */
  keeper(name: string): Keeper | undefined;
  readonly chains: () => readonly Chain[];
  readonly events: AgentEvents;
  readonly desk: Desk;
  readonly audit: AuditLog;
  readonly alerts: Alerts;
  readonly state: AgentState;
  readonly journal: Journal;
  readonly worker: Worker;
  readonly clock: Clock;
  readonly startedMs: number;
  /** One look at all portfolios that are due, and what follows from it. */
  round(signal: AbortSignal): Promise<RoundReport>;
  lastRound(): RoundReport | undefined;
  /** Looks until the signal aborts, then stops in order. @returns how many programmes had to be parked */
  run(signal: AbortSignal): Promise<number>;
  /** Takes another file over. @throws what makes it unfit; then what was in force stays so */
  apply(config: AgentConfig): void;
  /** No new risk, until it is taken back by hand. A scope is a portfolio's name, or `*` for all. */
  kill(scope: string, reason: string): void;
  /** Nothing new, until it is taken back by hand. */
  pause(scope: string, reason: string): void;
  /** Takes what stops a scope back. @returns whether there was anything */
  reset(scope: string, reason: string): boolean;
  close(): Promise<void>;
}

/**
 * Opens everything that an agent needs, and sets nothing in motion yet.
 *
 * @throws JOURNAL_LOCKED while another agent has the folder, JOURNAL_*, AGENT_STATE_*, ENGINE_*, and what makes a portfolio
 * unfit
 */
export async function openAgent(config: AgentConfig, parts: AgentParts): Promise<Agent> {
  const { folder } = parts;
  const state = await openAgentState(join(folder, 'agent.db'));
  const opened: { close(): unknown }[] = [state];
  try {
    // Its lock is what keeps a second agent out.
    const own = await sqliteJournal({ path: join(folder, 'journal.db') });
    opened.unshift(own);
    if (config.engine.kind === 'sqlite' || config.agent.mode !== 'live') {
      return await joined(config, parts, state, own);
    }
    const journal = await openSharedJournal(config.engine, parts.env);
    opened.unshift(journal);
    const ledger = await openSharedLedger(config.engine, parts.env, state.identity());
    opened.unshift(ledger);
    // Before the engine is open nobody asks for its runs.
    const late: { runs?: SharedRuns } = {};
    const agent = await joined(config, parts, state, journal, {
      claim: (name) => journal.claim(name),
      runs: () => late.runs!,
      ledger,
    });
    const turns = rebalancerTurns((portfolio) => agent.worker.book(portfolio));
    const workflows = [intentWorkflow(turns)];
    const engine = await openSharedEngine({ ...config, engine: config.engine }, parts.env, workflows, parts.logger);
    late.runs = sharedRuns(engine);
    return Object.freeze({
      ...agent,
      close: async () => {
        await engine.close();
        // What they tell is written down as long as the log is open.
        await agent.worker.turnsOver();
        await agent.close();
        await ledger.close();
        await own.close();
      },
    });
  } catch (error) {
    for (const each of opened) await each.close();
    throw error;
  }
}

async function joined(
  first: AgentConfig,
  parts: AgentParts,
  state: AgentState,
  journal: Journal,
  engine?: Omit<SharedWork, 'desk'> & { readonly ledger: SharedLedger },
): Promise<Agent> {
  const { clock, env, extend = (ports: RebalancerPorts) => ports, logger, random, signerOf } = parts;
  const { mode, name } = first.agent;
  const audit = auditLog(state);
  const now = (): number => clock.now();
  const events = agentEvents(audit, now);
  const alerts = openAlerts({ state, config: () => roster.config().alerts, env, clock, events, agent: name });
  const paper = paperLedger(state);
  const outside = openOutside(state);
  const chains = sharedChains(env, (chain) => (mode === 'paper' ? paperChain(chain, paper) : chain));

  const kill = (scope: string, reason: string): void => {
    desk.stop('killed', scope, reason);
    events.emit({ kind: 'stop', level: 'error', code: 'KILLED', sentence: reason, details: { scope } });
    alerts.raise({ key: `killed:${scope}`, level: 'critical', code: 'KILLED', sentence: reason });
  };
  const onLimit = (news: LimitNews): void => {
    const sentence = limitSentence(news);
    const { level, portfolio } = news;
    const isReached = level.level === 'reached';
    const about = {
      code: isReached ? 'LIMIT_REACHED' : 'LIMIT_NEAR',
      sentence,
      ...(portfolio === undefined ? {} : { portfolio }),
    };
    events.emit({ kind: 'limit', level: 'warn', ...about, details: { ...level } });
    const key = `limit:${portfolio ?? EVERYWHERE}:${level.kind}:${level.level}`;
    alerts.raise({ key, level: isReached ? 'critical' : 'warning', ...about });
    // What was lost does not come back when the day is over: a person has to look first.
    if (isReached && level.kind === 'loss') kill(portfolio ?? EVERYWHERE, sentence);
  };
  const ownDesk = openDesk(state, now, onLimit);
  const sharedDesk = engine && (await shareDesk(ownDesk, engine.ledger, now));
  const desk = sharedDesk ?? ownDesk;

  // What executions tell comes as events, and is logged as such.
  const quiet: Logger = {
    log: (level, message, fields) => {
      if (fields?.['intentId'] === undefined) logger.log(level, message, fields);
    },
  };
  const memories = new Map<string, ProvenMemory>();
  const memoryOf = ({ config }: AgentPortfolio): ProvenMemory => {
    const key = JSON.stringify([config.name, config.owner, config.underlying]);
    const memory = memories.get(key) ?? provenMemory();
    memories.set(key, memory);
    return memory;
  };
  const shared = { history: candleHistory(), tables: sharedTables(parts.tables?.folder, parts.tables?.prepare) };
  const withInstruments = mode !== 'paper';
  const closing = new AbortController();
  // Before anybody is kept nobody is asked for.
  const company = openCompany({
    env,
    isLive: mode === 'live',
    clock,
    events,
    keepers: () => roster.all(),
    signal: closing.signal,
  });
  const surroundings = { journal, random, env, chains, clock, signerOf, memoryOf, extend, company };
  const keeping = { ...surroundings, withInstruments, logger: quiet, ...shared };
  const roster = openRoster(first, (settings) => {
    const keeper = openKeeper(settings, keeping);
    outside.recall(keeper);
    return keeper;
  });
  const worker = openWorker({
    mode,
    desk,
    paper,
    outside,
    events,
    raise: alerts.raise,
    kill,
    total: () => roster.config().totalLimits,
    keeperOf: (wanted) => roster.all().find((each) => each.name === wanted),
    ...(engine && sharedDesk && { shared: { claim: engine.claim, runs: engine.runs, desk: sharedDesk } }),
    now,
  });
  const exchanging = sharedDesk && { exchange: () => sharedDesk.exchange() };
  const looking = { roster, chains, journal, worker, outside, desk, alerts, events, state, clock };
  const oneRound = rounds({ ...looking, ...exchanging });
  let lastRound: RoundReport | undefined;

  const agent: Agent = {
    config: roster.config,
    keepers: roster.all,
    keeper: (wanted) => roster.all().find((each) => each.name === wanted),
    chains: chains.all,
    events,
    desk,
    audit,
    alerts,
    state,
    journal,
    worker,
    clock,
    startedMs: now(),
    round: async (signal) => (lastRound = await oneRound(signal)),
    lastRound: () => lastRound,
    run: (signal) => runAgent(agent, signal),
    apply: (next) => {
      roster.apply(next);
      const sentence = `The configuration was taken over: ${next.portfolios.length} portfolios.`;
      events.emit({ kind: 'config', level: 'info', code: 'CONFIG_APPLIED', sentence });
    },
    kill,
    pause: (scope, reason) => {
      desk.stop('paused', scope, reason);
      events.emit({ kind: 'stop', level: 'warn', code: 'PAUSED', sentence: reason, details: { scope } });
    },
    reset: (scope, reason) => {
      const had = (['killed', 'paused'] as const).filter((kind) => desk.reset(kind, scope));
      if (had.length === 0) return false;
      for (const each of roster.all()) {
        if (scope === EVERYWHERE || scope === each.name)
          Object.assign(each.now, { dueMs: 0, restUntilMs: 0, failures: 0 });
      }
      events.emit({ kind: 'stop', level: 'warn', code: 'RESET', sentence: reason, details: { scope, had } });
      return true;
    },
    close: async () => {
      closing.abort();
      for (const keeper of roster.all()) keeper.close();
      // What the others do not know yet stays in the file, and is told at the next start.
      await sharedDesk?.exchange().catch(() => undefined);
      await journal.close();
      state.close();
    },
  };
  return Object.freeze(agent);
}

function limitSentence({ level, portfolio }: LimitNews): string {
  const whose = portfolio ?? 'all portfolios together';
  const share = level.most === 0 ? 100 : Math.round((100 * level.used) / level.most);
  return `The ${level.kind} limit of ${whose} is used to ${share} %.`;
}
