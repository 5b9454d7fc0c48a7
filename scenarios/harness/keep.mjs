// The agent at its work, as it is watched from outside: what it saw, decided and did.
import { START_SECONDS } from './stage.mjs';

/** Values that JSON has no word for. */
export const plain = (_, value) => (typeof value === 'bigint' ? value.toString() : value);

/**
 * Notes everything that agents tell, and where their portfolios stand after each round.
 *
 * @returns `lines`: one JSON object each, the same for the same seed; `samples`: one a round and portfolio; `looks`: the
 * exposure that each slice was routed on
 */
export function openRecord(stage) {
  const lines = [];
  const samples = [];
  const looks = [];
  const events = [];
  const known = new WeakSet();
  return {
    lines,
    samples,
    looks,
    events,
    listen: (agent) =>
      agent.events.listen((event) => {
        if (event.level === 'debug') return;
        const { atMs, ...rest } = event;
        const t = atMs / 1000 - START_SECONDS;
        events.push({ t, ...rest });
        lines.push(JSON.stringify({ t, ...rest }, plain));
      }),
    /** Rebalancers are made anew when a file is taken over, so each round looks for new ones. */
    attend: (agent) => {
      for (const { name, portfolio, rebalancer } of agent.keepers()) {
        if (known.has(rebalancer)) continue;
        known.add(rebalancer);
        const { targetDeltaUnits } = portfolio.policy;
        rebalancer.on('routed', ({ route, survey }) => {
          const { delta } = survey.exposure;
          const units = Number(route.servedUnits) * (route.side === 'sell' ? -1 : 1);
          const asked = Number(route.servedUnits) + Number(route.remainderUnits);
          const chainIds = [...new Set(route.hops.map(({ chainId }) => chainId))];
          looks.push({ t: stage.seconds(), name, delta, units, asked, chainIds, target: Number(targetDeltaUnits) });
        });
      }
    },
    sample: (agent) => {
      for (const { name, now } of agent.keepers()) {
        const { standing, outsideSinceMs } = now;
        if (standing === undefined) continue;
        const { action, band, code, delta, spot } = standing;
        samples.push({
          t: stage.seconds(),
          name,
          action,
          code,
          delta,
          band,
          spot,
          isOutside: outsideSinceMs !== undefined,
        });
      }
    },
  };
}

/**
 * Round after round until somebody says stop.
 *
 * @returns what stops it, once the round under way is over
 */
export function keep(stage, agent, record, everySeconds = 12) {
  const end = new AbortController();
  const failures = [];
  record.listen(agent);
  const loop = (async () => {
    while (!end.signal.aborted) {
      record.attend(agent);
      // One of its own, so that nothing gathers on the one that lives as long as the agent.
      await agent.round(AbortSignal.any([end.signal]));
      record.sample(agent);
      await stage.clock.sleep(everySeconds * 1000, end.signal).catch(() => undefined);
    }
  })().catch((error) => {
    if (!end.signal.aborted) failures.push(error);
  });
  return {
    failures,
    /** Nothing new; what is under way is brought to its end, in its own time. */
    stop: async () => {
      const mostSeconds = 7200;
      const from = stage.seconds();
      while (agent.worker.running() > 0 && stage.seconds() - from < mostSeconds)
        await stage.runTo(stage.seconds() + 12);
      end.abort();
      await loop;
    },
  };
}
