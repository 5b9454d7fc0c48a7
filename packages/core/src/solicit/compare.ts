import type { Pool } from '../model/curve.js';
import { swapExactIn, swapExactOut } from '../model/curves/swap.js';
import { midPrice } from '../model/curves/mid-price.js';
import { Decimal, type DecimalString, parseDecimal } from '../model/decimal.js';
import type { Quote } from '../model/quote.js';
import { sameToken, type Token, tokenKey } from '../model/token.js';
import type { BridgeOffer, Refusal, Solicitation } from './solicit.js';

/** One scale for everything that was offered: a probe of the size that is wanted, at one reference price. */
export interface CompareRequest {
  readonly side: 'buy' | 'sell';
  /** Units of the underlying, positive. */
  readonly deltaUnits: DecimalString;
  readonly baseTokens: readonly Token[];
  readonly quoteTokens: readonly Token[];
  /** Numeraire per unit of the underlying. */
  readonly referencePrice: DecimalString;
  /** Wei per unit of gas, by chain. */
  readonly gasPriceWei: Readonly<Record<number, bigint>>;
  /** Numeraire per native coin, by chain. */
  readonly nativePrice: Readonly<Record<number, DecimalString>>;
  /** What an hour of waiting costs, in basis points of what waits. */
  readonly timeCostBpsPerHour: number;
  /** What the router chose, once it has: pool ids, and lanes by their two token keys joined with `>`. */
  readonly chosen?: {
    readonly pools: readonly { readonly adapter: string; readonly chainId: number; readonly poolId: string }[];
    readonly lanes: readonly { readonly adapter: string; readonly from: Token; readonly to: Token }[];
    /** Numeraire per further unit in the chosen mix. */
    readonly marginalPrice: DecimalString;
  };
}

/** Costs of one offer for the whole probe, in basis points of it; the kinds sum to `costBps`. */
export interface OfferCosts {
  readonly 'liquidity-provider': number;
  readonly spread: number;
  readonly 'price-impact': number;
  readonly gas: number;
  readonly bridge: number;
  readonly message: number;
  readonly 'time-at-risk': number;
}

export interface CompareRow {
  readonly adapter: string;
  readonly chainId: number | undefined;
  readonly kind: 'venue' | 'bridge';
  readonly poolId: string | undefined;
  /** Where a bridge leads. */
  readonly toChainId: number | undefined;
  /** All-in, for the whole probe through this offer alone; undefined where it cannot carry it, or was refused. */
  readonly costBps: number | undefined;
  readonly byKind: OfferCosts | undefined;
  readonly timeSeconds: number;
  /** Whether it is in the chosen mix; before there is one, whether it was accepted. */
  readonly accepted: boolean;
  readonly reason: string;
}

const NONE: OfferCosts = Object.freeze({
  'liquidity-provider': 0,
  spread: 0,
  'price-impact': 0,
  gas: 0,
  bridge: 0,
  message: 0,
  'time-at-risk': 0,
});

/**
 * Puts every offer on one all-in basis: amount, fees, gas on each chain in numeraire, price impact, time at risk. Each
 * row says why it won, lost or was refused. Cheapest first within venues, then bridges, then those without a price.
 *
 * @example
 * ```ts
 * for (const row of compare(solicitation, request)) console.log(row.adapter, row.costBps, row.reason)
 * ```
 */
export function compare(solicitation: Solicitation, request: CompareRequest): readonly CompareRow[] {
  const reference = parseDecimal(request.referencePrice, 'referencePrice').toNumber();
  const units = parseDecimal(request.deltaUnits, 'deltaUnits').toNumber();
  const venues = solicitation.pools.map((pool) => venueRow(pool, request, reference, units));
  const quotes = solicitation.quotes.map((quote) => quoteRow(quote, request, reference));
  const bridges = bridgeRows(solicitation.bridges, request);
  const refused = solicitation.refusals.map(refusalRow);
  return Object.freeze([...[...venues, ...quotes].sort(byCost), ...bridges.sort(byCost), ...refused]);
}

function byCost(a: CompareRow, b: CompareRow): number {
  const key = ({ adapter, chainId, poolId }: CompareRow): string => `${chainId}/${adapter}/${poolId ?? ''}`;
  return (a.costBps ?? Infinity) - (b.costBps ?? Infinity) || (key(a) < key(b) ? -1 : 1);
}

function sumOf(costs: OfferCosts): number {
  return (Object.keys(costs) as (keyof OfferCosts)[]).reduce((sum, kind) => sum + costs[kind], 0);
}

function gasNumeraire(request: CompareRequest, chainId: number, gasUnits: bigint): number {
  const wei = request.gasPriceWei[chainId] ?? 0n;
  const native = request.nativePrice[chainId] ?? '0';
  return new Decimal((wei * gasUnits).toString()).shiftedBy(-18).times(native).toNumber();
}

function isOneOf(token: Token, tokens: readonly Token[]): boolean {
  return tokens.some((other) => sameToken(other, token));
}

function venueRow(pool: Pool, request: CompareRequest, reference: number, units: number): CompareRow {
  const { adapter, chainId, id: poolId } = pool;
  const row = { adapter, chainId, kind: 'venue', poolId, toChainId: undefined, timeSeconds: 0 } as const;
  const chosen = request.chosen;
  const isChosen =
    chosen?.pools.some((item) => item.adapter === adapter && item.chainId === chainId && item.poolId === poolId) ??
    false;
  const accepted = chosen === undefined || isChosen;
  const priced = priceOf(pool, request, reference, units);
  switch (priced.kind) {
    case 'indirect': {
      const [a, b] = pool.tokens;
      const reason = isChosen
        ? 'Chosen as a part of a path over another token.'
        : `Trades ${a.symbol} for ${b.symbol}, not the underlying for the numeraire; no path over it paid.`;
      return Object.freeze({ ...row, costBps: undefined, byKind: undefined, accepted, reason });
    }
    case 'short': {
      const reason = isChosen
        ? 'Chosen for a part; it could not carry the whole probe alone.'
        : `Cannot carry the whole probe: it ends after ${priced.servedUnits.toPrecision(4)} units.${lossSentence(priced.marginal, request)}`;
      return Object.freeze({ ...row, costBps: undefined, byKind: undefined, accepted, reason });
    }
    case 'priced': {
      const costBps = sumOf(priced.costs);
      const reason =
        chosen === undefined
          ? `Costs ${costBps.toFixed(1)} bp all in for the whole probe.`
          : isChosen
            ? 'Chosen.'
            : `Lost:${lossSentence(priced.marginal, request)}`;
      return Object.freeze({ ...row, costBps, byKind: Object.freeze(priced.costs), accepted, reason });
    }
  }
}

/** Why a pool is not in the mix: what its first unit costs against what the mix pays for its last. */
function lossSentence(marginal: number | undefined, { chosen, side }: CompareRequest): string {
  if (chosen === undefined || marginal === undefined) return '';
  const mix = Number(chosen.marginalPrice);
  const dearer = ((side === 'buy' ? marginal - mix : mix - marginal) / mix) * 1e4;
  return dearer > 0
    ? ` ${dearer.toFixed(1)} bp dearer than the marginal price of the chosen mix.`
    : ` its first unit is ${(-dearer).toFixed(1)} bp better than the mix's last, which does not pay for its gas or its hop.`;
}

type Priced =
  | { readonly kind: 'indirect' }
  | { readonly kind: 'short'; readonly servedUnits: number; readonly marginal: number | undefined }
  | { readonly kind: 'priced'; readonly costs: OfferCosts; readonly marginal: number };

function priceOf(pool: Pool, request: CompareRequest, reference: number, units: number): Priced {
  const baseIndex = isOneOf(pool.tokens[0], request.baseTokens) ? 0 : 1;
  const base = pool.tokens[baseIndex];
  if (!isOneOf(base, request.baseTokens) || !isOneOf(pool.tokens[1 - baseIndex]!, request.quoteTokens)) {
    return { kind: 'indirect' };
  }
  const quote = pool.tokens[1 - baseIndex]!;
  const buying = request.side === 'buy';
  const tokenInIndex = (buying ? 1 - baseIndex : baseIndex) as 0 | 1;
  const baseAtoms = BigInt(
    new Decimal(request.deltaUnits).shiftedBy(base.decimals).toFixed(0, Decimal.ROUND_HALF_EVEN),
  );
  const result = buying
    ? swapExactOut(pool.curve, tokenInIndex, baseAtoms)
    : swapExactIn(pool.curve, tokenInIndex, baseAtoms);
  const done = buying ? result.amountOut : result.amountInUsed;
  const feePpm = feeOf(pool, tokenInIndex);
  const keep = 1 - feePpm / 1e6;
  const mid = numerairePerBase(pool, baseIndex);
  const marginal = mid === undefined ? undefined : buying ? mid / keep : mid * keep;
  if (done < baseAtoms || mid === undefined || marginal === undefined || result.amountOut === 0n) {
    return { kind: 'short', servedUnits: Number(done) / 10 ** base.decimals, marginal };
  }
  const numeraire = Number(buying ? result.amountInUsed : result.amountOut) / 10 ** quote.decimals;
  const notional = units * reference;
  const bps = (cost: number): number => (cost / notional) * 1e4;
  // Buying pays the fee in numeraire on top; selling pays it in the underlying, valued at the reference.
  const fee = buying ? numeraire * (1 - keep) : units * reference * (1 - keep);
  const spread = buying ? units * (mid - reference) : keep * units * (reference - mid);
  const impact = buying ? numeraire * keep - units * mid : keep * units * mid - numeraire;
  const gasUnits = pool.gas.base + pool.gas.perTick * BigInt(result.ticksCrossed);
  const costs = {
    ...NONE,
    'liquidity-provider': bps(fee),
    spread: bps(spread),
    'price-impact': bps(impact),
    gas: bps(gasNumeraire(request, pool.chainId, gasUnits)),
  };
  return { kind: 'priced', costs, marginal };
}

function feeOf({ curve }: Pool, tokenInIndex: 0 | 1): number {
  switch (curve.kind) {
    case 'constant-product':
    case 'stable-swap':
      return curve.feePpm;
    case 'concentrated':
      return tokenInIndex === 1 ? (curve.feePpmToken1In ?? curve.feePpm) : curve.feePpm;
    case 'levels':
    case 'ladder':
      return 0;
  }
}

function numerairePerBase(pool: Pool, baseIndex: 0 | 1): number | undefined {
  if (
    (pool.curve.kind === 'levels' && pool.curve.levels.length === 0) ||
    (pool.curve.kind === 'ladder' && pool.curve.points.length === 0)
  ) {
    return undefined;
  }
  const price = Number(midPrice(pool.curve, [pool.tokens[0].decimals, pool.tokens[1].decimals]));
  if (!(price > 0)) return undefined;
  return baseIndex === 0 ? price : 1 / price;
}

function quoteRow(quote: Quote, request: CompareRequest, reference: number): CompareRow {
  const { adapter, input, output, timeSeconds } = quote;
  const { chainId } = input.token;
  const valueOf = ({ atoms, token }: Quote['input']): number =>
    (Number(atoms) / 10 ** token.decimals) * (isOneOf(token, request.baseTokens) ? reference : 1);
  const notional = valueOf(input);
  const bps = (cost: number): number => (cost / notional) * 1e4;
  const costs: OfferCosts = {
    ...NONE,
    // An opaque offer does not say what is fee and what is impact: all of it is the distance from the reference.
    spread: bps(notional - valueOf(output)),
    gas: bps(quote.gas.reduce((sum, use) => sum + gasNumeraire(request, use.chainId, use.units), 0)),
    'time-at-risk': (timeSeconds.expected / 3600) * request.timeCostBpsPerHour,
  };
  const costBps = sumOf(costs);
  return Object.freeze({
    adapter,
    chainId,
    kind: 'venue',
    poolId: quote.id,
    toChainId: undefined,
    costBps,
    byKind: Object.freeze(costs),
    timeSeconds: timeSeconds.expected,
    accepted: request.chosen === undefined,
    reason: `Offers its amount at ${costBps.toFixed(1)} bp all in.`,
  });
}

function bridgeRows(offers: readonly BridgeOffer[], request: CompareRequest): CompareRow[] {
  const laneOf = (from: Token, to: Token): string => `${tokenKey(from)}>${tokenKey(to)}`;
  const priced = offers.map((offer) => ({ offer, costs: bridgeCosts(offer.quote, request) }));
  return priced.map(({ costs, offer }) => {
    const { adapter, lane, quote } = offer;
    const key = laneOf(lane.from, lane.to);
    const costBps = sumOf(costs);
    const onLane = request.chosen?.lanes.filter(({ from, to }) => laneOf(from, to) === key) ?? [];
    const isChosen = onLane.some((item) => item.adapter === adapter);
    const rival = priced.find(
      (other) =>
        laneOf(other.offer.lane.from, other.offer.lane.to) === key &&
        onLane.some((item) => item.adapter === other.offer.adapter),
    );
    const reason =
      request.chosen === undefined
        ? `Costs ${costBps.toFixed(1)} bp all in for this transfer.`
        : isChosen
          ? 'Chosen.'
          : rival === undefined
            ? 'No funds had to move on this lane.'
            : `Lost: ${(costBps - sumOf(rival.costs)).toFixed(1)} bp dearer than ${rival.offer.adapter} on the same lane.`;
    // The quote of a lane that nothing takes is for whatever lies there: against dust its fixed fee is any number.
    const isIdle = request.chosen !== undefined && onLane.length === 0;
    return Object.freeze({
      adapter,
      chainId: lane.from.chainId,
      kind: 'bridge',
      poolId: undefined,
      toChainId: lane.to.chainId,
      costBps: isIdle ? undefined : costBps,
      byKind: isIdle ? undefined : Object.freeze(costs),
      timeSeconds: quote.timeSeconds.expected,
      accepted: request.chosen === undefined || isChosen,
      reason,
    } as const);
  });
}

/** Native-coin fees that are paid beside the amount count as messages; the rest is what does not arrive. */
function bridgeCosts(quote: Quote, request: CompareRequest): OfferCosts {
  const { fees, gas, input, output, timeSeconds } = quote;
  const price = isOneOf(input.token, request.baseTokens) ? Number(request.referencePrice) : 1;
  const sent = (Number(input.atoms) / 10 ** input.token.decimals) * price;
  const arrives = (Number(output.atoms) / 10 ** output.token.decimals) * price;
  const bps = (cost: number): number => (cost / sent) * 1e4;
  let message = 0;
  for (const { amount, included } of fees) {
    if (included) continue;
    const units = Number(amount.atoms) / 10 ** amount.token.decimals;
    const unitPrice = isOneOf(amount.token, request.baseTokens)
      ? Number(request.referencePrice)
      : isOneOf(amount.token, request.quoteTokens)
        ? 1
        : Number(request.nativePrice[amount.token.chainId] ?? '0');
    message += units * unitPrice;
  }
  return {
    ...NONE,
    bridge: bps(sent - arrives),
    message: bps(message),
    gas: bps(gas.reduce((sum, use) => sum + gasNumeraire(request, use.chainId, use.units), 0)),
    'time-at-risk': (timeSeconds.expected / 3600) * request.timeCostBpsPerHour,
  };
}

function refusalRow({ adapter, chainId, code, kind, poolId, sentence }: Refusal): CompareRow {
  return Object.freeze({
    adapter,
    chainId,
    kind,
    poolId,
    toChainId: undefined,
    costBps: undefined,
    byKind: undefined,
    timeSeconds: 0,
    accepted: false,
    reason: `Refused (${code}): ${sentence}`,
  });
}
