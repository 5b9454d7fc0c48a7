// What must hold in every scenario, whatever happens in it.
import { judge } from '../chaos/judge.mjs';

/** A trade may be wrong by the dust of one rounding. */
const DUST = 1e-9;

/**
 * @param tMaxSeconds within which the delta has to be back, or somebody has to be told
 * @returns findings, each `{ name, problems }`; a name without problems holds
 */
export async function commonInvariants({ stage, path, record, journal, agent, tMaxSeconds }) {
  const { lost, twice, unaccounted } = await judge(journal, stage.openings, stage.owner.address);
  const open = lost.filter((each) => /has no end|is still running|forgotten/.test(each));
  return [
    { name: 'each step at most once', problems: twice },
    { name: 'nothing begun is lost', problems: lost.filter((each) => !open.includes(each)) },
    { name: 'everything begun has come to its end', problems: open },
    {
      name: 'every flow reconciles to the atom',
      problems: unaccounted.map(({ atoms, chainId, symbol }) => `${atoms} atoms of ${symbol} on ${chainId}`),
    },
    {
      name: 'caps are never exceeded',
      problems: [...(await overCaps(journal, agent)), ...overBudget(record.events, path)],
    },
    { name: 'no trade but one that lowers the risk at both ends', problems: riskier(record.looks) },
    { name: `back in the band within ${tMaxSeconds} s, or told`, problems: unseen(record, tMaxSeconds) },
  ];
}

/** What intents let be spent, and what the limits of the day let be traded. */
async function overCaps(journal, agent) {
  const problems = [];
  const ids = new Set((await journal.programmes()).map(({ programme }) => programme.intentId));
  for (const id of ids) {
    const { intent } = await journal.intent(id);
    const flows = await journal.flows({ intentId: id });
    for (const { chainId, maxSpend, token } of intent.spending) {
      const spent = flows
        .filter((flow) => flow.chainId === chainId && flow.token.toLowerCase() === token.toLowerCase())
        .filter(({ kind }) => kind !== 'bridge-in' && kind !== 'bridge-refund')
        .reduce((sum, { atoms }) => (atoms < 0n ? sum - atoms : sum), 0n);
      if (spent > maxSpend) problems.push(`${id} spent ${spent} of ${maxSpend} atoms of ${token} on ${chainId}`);
    }
  }
  const most = agent.config().totalLimits.notionalPerDayUsd;
  for (const { name } of agent.keepers()) {
    const { notionalUsd } = agent.desk.used(name);
    if (most !== undefined && notionalUsd > most) problems.push(`${name} traded ${notionalUsd} USD of ${most}`);
  }
  return problems;
}

/** What trades have cost by their own doing, against what their intents allow: what the market did meanwhile is apart. */
function overBudget(events, path) {
  return events.flatMap(({ details, kind, t }) => {
    if (kind !== 'report' || !details?.costs) return [];
    const signed = events.find((each) => each.code === 'INTENT_SIGNED' && each.details.intentId === details.intentId);
    const cost = Number(details.total) - Number(details.costs.delay);
    const { deltaChangeUnits, maxCostBps } = signed.details;
    const price = path.at(t).price;
    const most = (maxCostBps / 10_000) * Math.abs(Number(deltaChangeUnits)) * price;
    return cost <= most ? [] : [`at ${t} s: ${cost} USD of at most ${most}`];
  });
}

function riskier(looks) {
  return looks.flatMap(({ delta, t, target, units }) => {
    const ends = [Number(delta.low) - target, Number(delta.high) - target];
    const worse = ends.filter((end) => Math.abs(end + units) >= Math.abs(end) + DUST);
    return worse.length === 0 ? [] : [`at ${t} s: ${units} units on [${delta.low}, ${delta.high}]`];
  });
}

const TOLD = new Set(['OUTSIDE_TOO_LONG', 'RIPCORD', 'KILLED']);

/** Times out of place that lasted longer than they may without a word to anybody. */
function unseen({ events, samples }, tMaxSeconds) {
  const problems = [];
  for (const name of new Set(samples.map((each) => each.name))) {
    let since;
    const own = samples.filter((each) => each.name === name);
    own.forEach(({ isOutside, t }, index) => {
      if (isOutside) since ??= t;
      if (since === undefined || (isOutside && index < own.length - 1)) return;
      const isTold = events.some(
        (event) => TOLD.has(event.code) && event.t >= since && event.t <= since + tMaxSeconds + 60,
      );
      if (t - since > tMaxSeconds && !isTold) problems.push(`${name} was out of place from ${since} s to ${t} s`);
      since = undefined;
    });
  }
  return problems;
}
