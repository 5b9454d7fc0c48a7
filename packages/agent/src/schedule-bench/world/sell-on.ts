import { type DecimalString, fromAtoms, toAtoms } from '@evenkeel/core';
import {
  type BookedFlow as Flow,
  implementationShortfall,
  type ImplementationShortfall,
  type Reconciliation,
  reconcile,
  type ShortfallFill,
} from '@evenkeel/core/report';
import type { Contestant } from '../contestants.js';
import { STEP_SECONDS } from '../market-path.js';
import type { WorldSetting } from './setting.js';
import { OPENING_PRICE, type Stage } from './stage.js';
import type { Sale, Trader } from './trader.js';

/** One schedule on one path, as it went on the chain. */
export interface Run {
  readonly shortfall: ImplementationShortfall;
  /** Of what the account held before and after with what the receipts say. */
  readonly books: Reconciliation;
  readonly transactions: number;
  readonly swaps: number;
  readonly gasWei: bigint;
  /** What the shortfall leaves unsaid of what the account has: zero but for the rounding of decimals. Numeraire. */
  readonly differenceUsd: number;
}

const PPM = 1_000_000;

/** Sells by a schedule while the market goes its path and the arbitrageur follows it. The pools stand as at the decision. */
export async function sellOn(
  stage: Stage,
  trader: Trader,
  { arbitrageSeconds, latencySeconds, units }: WorldSetting,
  { slices }: Contestant,
  market: readonly number[],
): Promise<Run> {
  await stage.restart();
  trader.forget();
  const opening = await trader.balances();
  const sizes = sizesInAtoms(trader, slices, units);
  const fills: ShortfallFill[] = [];
  const flows: Flow[] = [];
  let [cash, swaps, visited] = [0, 0, 0];
  let before = opening;
  let arrival = OPENING_PRICE;
  for (const [i, { atSeconds }] of slices.entries()) {
    const step = Math.round((atSeconds + latencySeconds) / STEP_SECONDS);
    const due = step * STEP_SECONDS;
    for (let next = visited + arbitrageSeconds; next <= due; next += arbitrageSeconds) {
      await stage.visit(next, market[Math.floor(next / STEP_SECONDS)]!);
      visited = next;
    }
    const price = market[step]!;
    if (i === 0) arrival = price;
    await stage.at(due);
    const sale = await trader.sell(sizes[i]!, price);
    fills.push(fillOf(trader, sale, price));
    flows.push(...sale.flows);
    swaps += sale.route.hops.length;
    const after = await trader.balances();
    cash += gained(trader, before, after, price);
    before = after;
  }
  const endPrice = market.at(-1)!;
  const shortfall = implementationShortfall({
    intendedDeltaUnits: decimal(-units),
    decisionPrice: decimal(OPENING_PRICE),
    arrivalPrice: decimal(arrival),
    endPrice: decimal(endPrice),
    fills,
  });
  const left = units - fills.reduce((sum, { deltaUnits }) => sum - Number(deltaUnits), 0);
  const gas = flows.filter(({ kind }) => kind === 'gas');
  return {
    shortfall,
    books: reconcile({ opening, flows, closing: before }),
    transactions: gas.length,
    swaps,
    gasWei: gas.reduce((sum, { atoms }) => sum - atoms, 0n),
    differenceUsd: Math.abs(Number(shortfall.total) - (units * OPENING_PRICE - cash - left * endPrice)),
  };
}

/** To the millionth; the last one takes what is left of a whole that is sold. */
function sizesInAtoms({ base }: Trader, slices: Contestant['slices'], units: number): readonly bigint[] {
  const sizes = slices.map((slice) => toAtoms(base, slice.units.toFixed(6)));
  const whole = toAtoms(base, decimal(units));
  const rest = whole - sizes.reduce((sum, size) => sum + size, 0n);
  const isWhole = Math.abs(slices.reduce((sum, slice) => sum + slice.units, 0) - units) < 1e-5;
  return isWhole ? sizes.map((size, i) => (i === sizes.length - 1 ? size + rest : size)) : sizes;
}

/** By the receipts: what a unit brought before the pools' fees, and what those and gas took. */
function fillOf({ base, native, quote }: Trader, { flows, route }: Sale, price: number): ShortfallFill {
  const sum = (kind: Flow['kind']): bigint =>
    flows.reduce((total, flow) => (flow.kind === kind ? total + flow.atoms : total), 0n);
  const sold = Number(fromAtoms(base, -sum('swap-in')));
  const received = Number(fromAtoms(quote, sum('swap-out')));
  const gas = Number(fromAtoms(native, -sum('gas'))) * price;
  const kept = route.hops.reduce((total, hop) => {
    const share = hop.kind === 'swap' && 'feePpm' in hop.pool.curve ? hop.pool.curve.feePpm / PPM : 0;
    return total + Number(fromAtoms(hop.tokenIn, hop.amountIn)) * share * price;
  }, 0);
  return {
    deltaUnits: decimal(-sold),
    price: decimal((received + kept) / sold),
    priceBefore: decimal(price),
    fees: decimal(kept + gas),
  };
}

/** By the chain: how much more quote token, and less native coin, the account has than before. Numeraire. */
function gained(
  { native, quote }: Trader,
  before: Awaited<ReturnType<Trader['balances']>>,
  after: Awaited<ReturnType<Trader['balances']>>,
  price: number,
): number {
  const moved = ({ address, decimals }: Trader['quote']): number => {
    const [was, is] = [before, after].map((each) => each.find(({ token }) => token.address === address)!.atoms);
    return Number(fromAtoms({ decimals }, is! - was!));
  };
  return moved(quote) + moved(native) * price;
}

function decimal(value: number): DecimalString {
  return value.toFixed(12);
}
