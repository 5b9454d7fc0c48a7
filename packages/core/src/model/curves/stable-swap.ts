import { EvenkeelError } from '@evenkeel/intents';
import type { StableSwapCurve } from '../curve.js';
import { noSwap, swapResult, type SwapResult } from './swap-result.js';

const PPM = 1_000_000n;
const COINS = 2n;
const A_PRECISION = 100n;
const RATE_PRECISION = 10n ** 18n;
const MAX_ITERATIONS = 255;

/** Newton's iteration over a stable-swap invariant found no end: the balances are not those of a working pool. */
export class StableSwapDivergedError extends EvenkeelError {
  constructor(curve: StableSwapCurve) {
    super('STABLE_SWAP_DIVERGED', 'The invariant of a stable-swap pool does not converge.', {
      hint: 'Read the pool again, or leave it out.',
      details: { balances: curve.balances.map(String), amplification: curve.amplification.toString() },
    });
  }
}

/**
 * The invariant D of a two-coin pool by integer Newton iteration, rounded as the Vyper contracts do (Egorov 2019,
 * "StableSwap", equation for A·n^n·Σx + D = A·D·n^n + D^(n+1)/(n^n·Πx)).
 *
 * @throws StableSwapDivergedError when 255 iterations do not settle it.
 */
export function stableSwapInvariant(curve: StableSwapCurve): bigint {
  const [x, y] = curve.balances;
  const sum = x + y;
  if (sum === 0n) return 0n;
  const ann = curve.amplification * COINS;
  let d = sum;
  for (let i = 0; i < MAX_ITERATIONS; i++) {
    const previous = d;
    let dP = (d * d) / (x * COINS);
    dP = (dP * d) / (y * COINS);
    d = (((ann * sum) / A_PRECISION + dP * COINS) * d) / (((ann - A_PRECISION) * d) / A_PRECISION + (COINS + 1n) * dP);
    if (difference(d, previous) <= 1n) return d;
  }
  throw new StableSwapDivergedError(curve);
}

/**
 * Exact-in replay of `exchange`: one normalised atom is kept back and the fee is taken from the output. The curve after
 * it has the whole fee taken out, since the share that goes to the pool's owner is not part of the state: what follows
 * is never promised too much.
 *
 * @throws StableSwapDivergedError
 */
export function stableSwapExactIn(
  curve: StableSwapCurve,
  tokenInIndex: 0 | 1,
  amountIn: bigint,
): SwapResult<StableSwapCurve> {
  if (amountIn === 0n || curve.balances[0] === 0n || curve.balances[1] === 0n) return noSwap(curve);
  return exchange(curve, tokenInIndex, amountIn, stableSwapInvariant(curve));
}

/**
 * The least input whose exact-in replay pays at least `amountOut`: the contracts have no exact-out swap. Where the pool
 * cannot pay that much, nothing is swapped.
 *
 * @throws StableSwapDivergedError
 */
export function stableSwapExactOut(
  curve: StableSwapCurve,
  tokenInIndex: 0 | 1,
  amountOut: bigint,
): SwapResult<StableSwapCurve> {
  const tokenOutIndex = tokenInIndex === 0 ? 1 : 0;
  const balanceOut = curve.balances[tokenOutIndex];
  if (amountOut === 0n || curve.balances[tokenInIndex] === 0n || curve.feePpm >= Number(PPM)) return noSwap(curve);
  const gross = (((amountOut * curve.rates[tokenOutIndex]) / RATE_PRECISION + 1n) * PPM) / (PPM - BigInt(curve.feePpm));
  if (gross + 1n >= balanceOut) return noSwap(curve);
  const d = stableSwapInvariant(curve);
  const pays = (input: bigint): bigint => exchange(curve, tokenInIndex, input, d).amountOut;

  const balanceInAfter = balanceGiven(curve, balanceOut - gross - 1n, d);
  const estimate = ((balanceInAfter - curve.balances[tokenInIndex]) * RATE_PRECISION) / curve.rates[tokenInIndex];
  let enough = estimate > 0n ? estimate : 1n;
  let step = 1n;
  while (pays(enough) < amountOut) {
    enough += step;
    step *= 2n;
  }
  step = 1n;
  let tooLittle = enough - 1n;
  while (tooLittle > 0n && pays(tooLittle) >= amountOut) {
    enough = tooLittle;
    tooLittle = tooLittle > step ? tooLittle - step : 0n;
    step *= 2n;
  }
  while (enough - tooLittle > 1n) {
    const middle = (enough + tooLittle) / 2n;
    if (pays(middle) >= amountOut) enough = middle;
    else tooLittle = middle;
  }
  const { after } = exchange(curve, tokenInIndex, enough, d);
  return swapResult(enough, amountOut, 0, after);
}

function exchange(
  curve: StableSwapCurve,
  tokenInIndex: 0 | 1,
  amountIn: bigint,
  d: bigint,
): SwapResult<StableSwapCurve> {
  const tokenOutIndex = tokenInIndex === 0 ? 1 : 0;
  const balanceIn = curve.balances[tokenInIndex] + (amountIn * curve.rates[tokenInIndex]) / RATE_PRECISION;
  const balanceOut = curve.balances[tokenOutIndex];
  const gross = balanceOut - balanceGiven(curve, balanceIn, d) - 1n;
  if (gross <= 0n) return swapResult(amountIn, 0n, 0, withBalances(curve, tokenInIndex, balanceIn, balanceOut));
  const net = gross - (gross * BigInt(curve.feePpm)) / PPM;
  const amountOut = (net * RATE_PRECISION) / curve.rates[tokenOutIndex];
  return swapResult(amountIn, amountOut, 0, withBalances(curve, tokenInIndex, balanceIn, balanceOut - gross));
}

/** The balance of one coin that keeps the invariant when the other has `balance` (the contracts' `get_y`). */
function balanceGiven(curve: StableSwapCurve, balance: bigint, d: bigint): bigint {
  const ann = curve.amplification * COINS;
  const c = (((d * d) / (balance * COINS)) * d * A_PRECISION) / (ann * COINS);
  const b = balance + (d * A_PRECISION) / ann;
  let y = d;
  for (let i = 0; i < MAX_ITERATIONS; i++) {
    const previous = y;
    y = (y * y + c) / (2n * y + b - d);
    if (difference(y, previous) <= 1n) return y;
  }
  throw new StableSwapDivergedError(curve);
}

function withBalances(
  curve: StableSwapCurve,
  tokenInIndex: 0 | 1,
  balanceIn: bigint,
  balanceOut: bigint,
): StableSwapCurve {
  const balances: readonly [bigint, bigint] = tokenInIndex === 0 ? [balanceIn, balanceOut] : [balanceOut, balanceIn];
  return Object.freeze({ ...curve, balances: Object.freeze(balances) });
}

function difference(a: bigint, b: bigint): bigint {
  return a > b ? a - b : b - a;
}
