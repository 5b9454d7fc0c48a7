import type { MarginPlan } from '../margin/cure.js';
import type { CurePart } from '../margin/cure-source.js';
import type { MarginState } from '../margin/margin-account.js';
import type { MarginVenue } from '../margin/margin-venue.js';
import type { Context } from '../rebalancer/context.js';
import type { MarginKept, MarginProposal } from './margin-keeping.js';
import type { CureWay } from './margin-ways.js';

/** A part of a cure as people say it. */
export function spokenPart({ amount, id }: CurePart, how: CureWay): string {
  if (how.way === 'reduce') return `closing ${(100 * amount).toFixed(1)} % of the position`;
  const { symbol } = how.payment.token;
  const money = `${how.reading.price === 1 ? amount.toFixed(2) : amount.toPrecision(4)} ${symbol}`;
  const from = how.way === 'wallet' ? 'of the wallet' : `over ${id}`;
  return how.payment.id === 'deposit' ? `${money} ${from}` : `${money} ${from} (${how.payment.id})`;
}

export const spokenState = ({ distance, leverage }: Pick<MarginState, 'distance' | 'leverage'>): string =>
  `${(100 * distance).toFixed(1)} % from liquidation at a leverage of ${leverage.toFixed(1)}`;

export interface PlannedCure {
  readonly plan: Extract<MarginPlan, { readonly status: 'cure' }>;
  readonly spoken: readonly string[];
  readonly proposals: readonly MarginProposal[];
  readonly state: MarginState;
}

/** The plan, with what was not taken and why. */
export async function recordPlan(
  { ports: { clock, journal } }: Context,
  { chainId, id, name }: MarginVenue,
  { plan: { cure, rejected }, proposals, spoken, state }: PlannedCure,
  simulated: boolean,
): Promise<void> {
  const others = rejected.map((each) => `${each.id} (${each.reason})`).join(', ');
  const what = spoken.join(', then ');
  const is = spoken.length === 1 ? 'is the cheapest cure' : 'together are the cheapest cure, for none alone is enough';
  const sentence = `The margin at ${name} is ${spokenState(state)}: ${what} ${is}, at ${cure.cost.toFixed(2)}${others === '' ? '' : `; not taken: ${others}`}.`;
  const parts = cure.parts.map((part, index) => {
    const { cost, way } = proposals[index]!;
    return { id: part.id, way, cost, ...sizeOf(way, part) };
  });
  const first = { way: proposals[0]!.way, ...sizeOf(proposals[0]!.way, cure.parts[0]!) };
  const details = {
    ...{ venue: id, chainId, ...first, cost: cure.cost, ...numbersOf(state) },
    parts,
    rejected: rejected.map((each) => ({ ...each })),
  };
  await journal.appendDecision({ atMs: clock.now(), code: 'MARGIN_CURE', sentence, simulated, details });
}

const sizeOf = (way: MarginProposal['way'], { amount }: CurePart): Readonly<Record<string, number>> =>
  way === 'reduce' ? { share: amount } : { amount };

/** What has become of it. */
export async function recordKept({ ports }: Context, kept: MarginKept, simulated: boolean): Promise<void> {
  const { after, before, chainId, code, intentId, sentence, venue } = kept;
  await ports.journal.appendDecision({
    atMs: ports.clock.now(),
    ...(intentId === undefined ? {} : { intentId }),
    code,
    sentence,
    simulated,
    details: { venue, chainId, before: numbersOf(before), ...(after === undefined ? {} : { after: numbersOf(after) }) },
  });
  const isGood = kept.outcome === 'cured' || kept.outcome === 'part';
  ports.logger?.log(isGood ? 'info' : 'warn', sentence, { code, venue });
}

/** JSON has no infinity: what no move liquidates has no distance. */
function numbersOf({ distance, leverage }: MarginState): {
  readonly distance: number | null;
  readonly leverage: number | null;
} {
  const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
  return { distance: finite(distance), leverage: finite(leverage) };
}
