import type { Journal } from '@evenkeel/core';
import { type Hex, intentToJson } from '@evenkeel/intents';
import type { Agent } from '../agent.js';
import type { Keeper, Standing } from '../keeping/keeper.js';

/** A portfolio as the API shows it. */
export function portfolioView({ desk }: Agent, keeper: Keeper): Record<string, unknown> {
  const { name, now, owner, portfolio, ports, settings } = keeper;
  const stops = desk.stops().filter(({ scope }) => scope === '*' || scope === name);
  return {
    name,
    owner,
    underlying: portfolio.underlying,
    chains: ports.chains.map(({ id }) => id),
    activity: now.activity,
    stops: stops.map(({ atMs, kind, reason, scope }) => ({ kind, scope, reason, since: iso(atMs) })),
    targetDeltaUnits: portfolio.policy.targetDeltaUnits,
    standing: now.standing === undefined ? null : standingView(now.standing),
    outOfPlaceSince: now.outsideSinceMs === undefined ? null : iso(now.outsideSinceMs),
    failuresInARow: now.failures,
    limits: desk.levels(name, settings.dayLimits),
  };
}

/** A decision with its reason. */
export function standingView({ atMs, band, changeUnits, ...rest }: Standing): Record<string, unknown> {
  return { time: iso(atMs), ...rest, band, changeUnits };
}

const MOST_INTENTS = 100;

/** The latest intents first, each with its slices. */
export async function intentsView({ journal, keepers }: Agent): Promise<readonly Record<string, unknown>[]> {
  const programmes = await journal.programmes();
  const byIntent = new Map<Hex, (typeof programmes)[number][]>();
  for (const record of programmes) {
    const { intentId } = record.programme;
    byIntent.set(intentId, [...(byIntent.get(intentId) ?? []), record]);
  }
  const latest = [...byIntent].sort(([, a], [, b]) => b[0]!.createdAtMs - a[0]!.createdAtMs).slice(0, MOST_INTENTS);
  return Promise.all(
    latest.map(async ([id, records]) => {
      const signed = await journal.intent(id);
      const owner = keepers().find(
        ({ owner: each, portfolio }) =>
          signed?.intent.signer.toLowerCase() === each.toLowerCase() &&
          signed.intent.underlying === portfolio.underlying,
      );
      return {
        id,
        portfolio: owner?.name ?? null,
        deltaChangeUnits: signed?.intent.deltaChangeUnits ?? null,
        created: iso(records[0]!.createdAtMs),
        slices: records.map(({ programme, state }) => ({ slice: programme.slice, state })),
      };
    }),
  );
}

/** One intent with all that became of it; undefined for one that is not known. */
export async function intentView(journal: Journal, id: Hex): Promise<Record<string, unknown> | undefined> {
  const signed = await journal.intent(id);
  if (signed === undefined) return undefined;
  const [programmes, flows, transfers] = await Promise.all([
    journal.programmes({ intentId: id }),
    journal.flows({ intentId: id }),
    journal.transfers({ intentId: id }),
  ]);
  const slices = programmes.map(async ({ cancelRequested, createdAtMs, programme, state }) => ({
    slice: programme.slice,
    state,
    cancelRequested,
    created: iso(createdAtMs),
    steps: (await journal.outcomes(programme)).map(({ code, key, sentence, state: ended, txHash }) => ({
      id: key.step,
      state: ended,
      code,
      sentence,
      txHash: txHash ?? null,
    })),
  }));
  return {
    id,
    signature: signed.signature,
    intent: intentToJson(signed.intent),
    slices: await Promise.all(slices),
    flows: flows.map(({ atoms, chainId, kind, step, token, txHash }) => ({
      chainId,
      token,
      atoms,
      kind,
      step,
      txHash,
    })),
    transfers: transfers.map(({ status, transfer }) => ({ id: transfer.id, adapter: transfer.adapter, status })),
  };
}

function iso(atMs: number): string {
  return new Date(atMs).toISOString();
}
