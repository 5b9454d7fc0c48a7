import { integerSqrt, sqrtPriceX96 } from '../build/price-math.js';

const PIPS = 1_000_000n;

/** What is worth the same outside: so many atoms of a pool's token 0 and so many of its token 1. */
export interface Parity {
  readonly atoms0: bigint;
  readonly atoms1: bigint;
}

/** Root prices, Q64.96, between which a pool's fee eats whatever a trade against the outside price would bring. */
export interface IdleBand {
  readonly lowX96: bigint;
  readonly highX96: bigint;
}

/**
 * With the outside price P and the fee f, selling token 0 pays above P / (1 − f) and buying it below P · (1 − f).
 * Source: Milionis, Moallemi, Roughgarden (2023), Automated Market Making and Arbitrage Profits in the Presence of Fees.
 *
 * @param feePips hundredths of a basis point
 */
export function idleBand({ atoms0, atoms1 }: Parity, feePips: number): IdleBand {
  const kept = PIPS - BigInt(feePips);
  return {
    lowX96: sqrtPriceX96(atoms0 * PIPS, atoms1 * kept),
    highX96: sqrtPriceX96(atoms0 * kept, atoms1 * PIPS),
  };
}

const FACTOR_DIGITS = 1e12;

/**
 * The parity for which the trade stops only part of the way from where the pool is to where it would stop, in logarithms of
 * the price.
 *
 * @param rootX96 the pool's root price, Q64.96
 * @param edgeX96 the root price at which the whole trade stops, Q64.96
 * @param share of the way; above 0 up to 1
 */
export function partOfTheWay(outside: Parity, rootX96: bigint, edgeX96: bigint, share: number): Parity {
  if (share === 1) return outside;
  const factor = (Number(rootX96) / Number(edgeX96)) ** (2 * (1 - share));
  return {
    atoms0: outside.atoms0 * BigInt(FACTOR_DIGITS),
    atoms1: outside.atoms1 * BigInt(Math.round(factor * FACTOR_DIGITS)),
  };
}

/** A constant-product pool, seen from the token that goes in. */
export interface ProductMarket {
  readonly reserveIn: bigint;
  readonly reserveOut: bigint;
  readonly feePips: number;
}

/**
 * What to put into a constant-product pool so that the last atom just earns the outside price after the fee γ = 1 − f:
 * Δ = (√(γ · R_in · R_out / P) − R_in) / γ, rounded down; not above zero when no trade pays.
 * Source: Angeris, Kao, Chiang, Noyes, Chitra (2019), An Analysis of Uniswap Markets, optimal arbitrage.
 *
 * @param outside atoms of the one and of the other token that are worth the same
 */
export function optimalProductInput(
  { feePips, reserveIn, reserveOut }: ProductMarket,
  outside: { readonly atomsIn: bigint; readonly atomsOut: bigint },
): bigint {
  const kept = PIPS - BigInt(feePips);
  const last = integerSqrt((kept * reserveIn * reserveOut * outside.atomsIn) / (PIPS * outside.atomsOut));
  return ((last - reserveIn) * PIPS) / kept;
}

/** What a constant-product pool gives for `amountIn`, rounded down as Uniswap V2 rounds. */
export function productOutput({ feePips, reserveIn, reserveOut }: ProductMarket, amountIn: bigint): bigint {
  const effective = amountIn * (PIPS - BigInt(feePips));
  return (effective * reserveOut) / (reserveIn * PIPS + effective);
}
