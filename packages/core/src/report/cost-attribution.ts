import { Decimal, type DecimalString, parseDecimal } from '../model/decimal.js';
import { type Token, type TokenAmount, tokenKey } from '../model/token.js';
import { PriceMissingError } from './errors.js';
import type { Flow } from './reconcile.js';

/** Numeraire per unit of a token, and who said so. */
export interface StatedPrice {
  readonly token: Token;
  readonly price: DecimalString;
  readonly source: string;
}

/** One executed swap, with what it was quoted on. */
export interface SwapRecord {
  readonly input: TokenAmount;
  /** What arrived. */
  readonly output: TokenAmount;
  /** What the accepted quote promised, atoms of the output token. */
  readonly quotedOutputAtoms: bigint;
  /** Fee of the pools, atoms of the input token; inside of `input`, so informational in the books. */
  readonly feeAtoms: bigint;
  /** Units of output for one unit of input at the margin, before fee and impact, on the quoted state. */
  readonly midPrice: DecimalString;
  /** Output that integer arithmetic on chain floors away, in atoms (a fraction for each hop); "0" when not known. */
  readonly roundingAtoms: DecimalString;
}

export interface CostAttributionInput {
  readonly swaps: readonly SwapRecord[];
  readonly flows: readonly Flow[];
  readonly prices: readonly StatedPrice[];
}

/**
 * Costs in numeraire; negative is a gain.
 * `spread`: mid price of the pools against the reference. `fee`: of pools. `impact`: own move of the price.
 * `delay`: what the price moved between quote and fill. `rounding`: integer floors. `bridge`: sent less received and
 * refunded. `gas` and `message`: as charged. `funding`: of a position that was held before, settled by a trade of it.
 */
export interface CostsByKind {
  readonly spread: DecimalString;
  readonly fee: DecimalString;
  readonly impact: DecimalString;
  readonly delay: DecimalString;
  readonly rounding: DecimalString;
  readonly bridge: DecimalString;
  readonly message: DecimalString;
  readonly gas: DecimalString;
  /** Where positions were traded. */
  readonly funding?: DecimalString;
}

export interface CostAttribution {
  readonly byKind: CostsByKind;
  /** Sum of the kinds. */
  readonly total: DecimalString;
  /**
   * The same from the other end: the value that all flows but plain transfers took away, at the stated prices, less
   * `total`. Zero when every swap and transfer is both recorded and attributed.
   */
  readonly unattributed: DecimalString;
  readonly prices: readonly StatedPrice[];
}

/** Value in numeraire of atoms of a token. */
type Valuation = (token: Token, atoms: bigint | Decimal) => Decimal;

/**
 * What execution cost, by kind, at stated reference prices. For a swap of `in` for `out` with mid price m, fee f and
 * quoted output o, prices p and P of input and output:
 *
 *   fee = f·p · spread = (in − f)(p − m·P) · impact + rounding = ((in − f)·m − o)·P · delay = (o − out)·P
 *
 * whose sum is in·p − out·P, the value that the swap lost. Decimals are exact to 40 places.
 *
 * @throws {PriceMissingError} for a token that moved without a stated price
 */
export function costAttribution({ flows, prices, swaps }: CostAttributionInput): CostAttribution {
  const value = valuation(prices);
  const parts = swaps.map((swap) => swapCosts(swap, value));
  const sumOf = (key: keyof SwapCosts): Decimal => sum(parts.map((part) => part[key]));
  const lost = (kinds: readonly Flow['kind'][]): Decimal =>
    sum(flows.filter(({ kind }) => kinds.includes(kind)).map(({ atoms, token }) => value(token, -atoms)));
  const costs = {
    spread: sumOf('spread'),
    fee: sumOf('fee'),
    impact: sumOf('impact'),
    delay: sumOf('delay'),
    rounding: sumOf('rounding'),
    bridge: lost(['bridge-sent', 'bridge-received', 'refund']),
    message: lost(['message-fee']),
    gas: lost(['gas']),
  };
  const total = sum(Object.values(costs));
  const moved = sum(flows.filter(({ kind }) => kind !== 'transfer').map(({ atoms, token }) => value(token, -atoms)));
  return Object.freeze({
    byKind: Object.freeze({
      spread: plain(costs.spread),
      fee: plain(costs.fee),
      impact: plain(costs.impact),
      delay: plain(costs.delay),
      rounding: plain(costs.rounding),
      bridge: plain(costs.bridge),
      message: plain(costs.message),
      gas: plain(costs.gas),
    }),
    total: plain(total),
    unattributed: plain(moved.minus(total)),
    prices: Object.freeze([...prices]),
  });
}

interface SwapCosts {
  readonly spread: Decimal;
  readonly fee: Decimal;
  readonly impact: Decimal;
  readonly delay: Decimal;
  readonly rounding: Decimal;
}

function swapCosts(swap: SwapRecord, value: Valuation): SwapCosts {
  const { feeAtoms, input, midPrice, output, quotedOutputAtoms, roundingAtoms } = swap;
  const traded = input.atoms - feeAtoms;
  const atMid = new Decimal(traded.toString())
    .shiftedBy(output.token.decimals - input.token.decimals)
    .times(parseDecimal(midPrice, 'swap.midPrice'));
  const ideal = value(output.token, atMid);
  const rounding = value(output.token, parseDecimal(roundingAtoms, 'swap.roundingAtoms'));
  return {
    fee: value(input.token, feeAtoms),
    spread: value(input.token, traded).minus(ideal),
    impact: ideal.minus(value(output.token, quotedOutputAtoms)).minus(rounding),
    rounding,
    delay: value(output.token, quotedOutputAtoms - output.atoms),
  };
}

function valuation(prices: readonly StatedPrice[]): Valuation {
  const byToken = new Map(prices.map(({ price, token }) => [tokenKey(token), parseDecimal(price, 'prices.price')]));
  return (token, atoms) => {
    const price = byToken.get(tokenKey(token));
    if (price === undefined) throw new PriceMissingError(`${token.symbol} (${tokenKey(token)})`);
    return new Decimal(atoms.toString()).shiftedBy(-token.decimals).times(price);
  };
}

function sum(terms: readonly Decimal[]): Decimal {
  return terms.reduce((total, term) => total.plus(term), new Decimal(0));
}

function plain(value: Decimal): DecimalString {
  return value.toFixed();
}
