import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Agent } from './agent.js';
import type { RoundReport } from './watch/rounds.js';

/** What Prometheus reads. */
export interface AgentMetrics {
  readonly contentType: string;
  text(): Promise<string>;
  close(): void;
}

/** Counts what an agent tells, and looks at it when it is asked. A registry of its own: several agents do not mix. */
export function agentMetrics(agent: Agent): AgentMetrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });

  const seconds = new Histogram({
    name: 'evenkeel_round_seconds',
    help: 'From the begin of a round to its last decision',
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 8, 12, 30, 60, 120],
    registers,
  });
  const looked = new Counter({ name: 'evenkeel_looks_total', help: 'Portfolios looked at', registers });
  const calls = new Counter({
    name: 'evenkeel_rpc_calls_total',
    help: 'JSON-RPC calls that looks took',
    labelNames: ['chain'],
    registers,
  });
  const told = new Counter({
    name: 'evenkeel_events_total',
    help: 'What was told, by kind and code; decisions count when they change',
    labelNames: ['kind', 'code'],
    registers,
  });
  const now = (name: string, help: string, value: () => number): void => {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value());
      },
    });
  };
  const { alerts, audit, desk, events, worker } = agent;
  now('evenkeel_portfolios', 'Portfolios that are kept', () => agent.keepers().length);
  now('evenkeel_running', 'Accounts for which something is under way', () => worker.running());
  now('evenkeel_out_of_place', 'Portfolios that are out of place, as far as is known', () => {
    return agent.keepers().filter((keeper) => keeper.now.outsideSinceMs !== undefined).length;
  });
  now('evenkeel_stops', 'Kill switches and pauses that stand', () => desk.stops().length);
  now('evenkeel_alerts_undelivered', 'Deliveries of alerts that have not arrived', () => alerts.undelivered());
  now('evenkeel_audit_entries', 'Length of the audit log', () => audit.head().seq);
  new Gauge({
    name: 'evenkeel_total_limit_used_ratio',
    help: 'Share that is used of a limit of all portfolios together',
    labelNames: ['limit'],
    registers,
    collect() {
      for (const { kind, most, used } of desk.totalLevels(agent.config().totalLimits)) {
        this.set({ limit: kind }, most === 0 ? 1 : used / most);
      }
    },
  });
  new Gauge({
    name: 'evenkeel_delta_units',
    help: 'Ends of the interval in which the delta lies',
    labelNames: ['portfolio', 'end'],
    registers,
    collect() {
      this.reset();
      for (const { name: portfolio, now: at } of agent.keepers()) {
        const delta = at.standing?.delta;
        if (delta === undefined || delta === null) continue;
        this.set({ portfolio, end: 'low' }, Number(delta.low));
        this.set({ portfolio, end: 'high' }, Number(delta.high));
      }
    },
  });

  const stop = events.listen(({ code, details, kind }) => {
    if (kind !== 'round') {
      told.inc({ kind, code });
      return;
    }
    const report = details as unknown as RoundReport;
    seconds.observe(report.durationMs / 1000);
    looked.inc(report.looked);
    for (const [chain, count] of Object.entries(report.calls)) calls.inc({ chain }, count);
  });
  return Object.freeze({
    contentType: registry.contentType,
    text: () => registry.metrics(),
    close: () => {
      stop();
      registry.clear();
    },
  } satisfies AgentMetrics);
}
