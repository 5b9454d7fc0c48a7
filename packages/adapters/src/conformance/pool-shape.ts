import type { Curve } from '@evenkeel/core';
import type { Fail } from './check.js';
import { requireAtoms, requireFinite } from './values.js';

/** The state of a curve makes sense: numbers are numbers, amounts are not negative, lists are in order. */
export function requireCurve(curve: Curve, what: string, fail: Fail): void {
  requireFinite(curve, `the curve of ${what}`, fail);
  const atoms = (value: unknown, name: string, least = 0n): void =>
    requireAtoms(value, least, `${name} of ${what}`, fail);
  switch (curve.kind) {
    case 'constant-product':
      curve.reserves.forEach((reserve, index) => atoms(reserve, `reserve ${index}`, 1n));
      requireFee(curve.feePpm, what, fail);
      return;
    case 'concentrated':
      atoms(curve.sqrtPriceX96, 'sqrtPriceX96', 1n);
      atoms(curve.liquidity, 'liquidity');
      requireAscending(
        curve.ticks.map(({ index }) => index),
        `ticks of ${what}`,
        fail,
      );
      requireInside(curve.tick, curve.tickRange, what, fail);
      requireFee(curve.feePpm, what, fail);
      return;
    case 'stable-swap':
      curve.balances.forEach((balance, index) => atoms(balance, `balance ${index}`, 1n));
      curve.rates.forEach((rate, index) => atoms(rate, `rate ${index}`, 1n));
      atoms(curve.amplification, 'amplification', 1n);
      requireFee(curve.feePpm, what, fail);
      return;
    case 'levels':
      for (const level of curve.levels) {
        atoms(level.amountIn, 'amountIn of a level', 1n);
        atoms(level.amountOut, 'amountOut of a level');
      }
      return;
    case 'ladder':
      for (const point of curve.points) {
        atoms(point.amountIn, 'amountIn of a point', 1n);
        atoms(point.amountOut, 'amountOut of a point');
      }
      {
        requireAscending(
          curve.points.map(({ amountIn }) => amountIn),
          `points of ${what}`,
          fail,
        );
        return;
      }
    default:
      requireNoCurve(curve, what, fail);
  }
}

function requireNoCurve(curve: never, what: string, fail: Fail): void {
  const kind = (curve as { kind?: unknown }).kind;
  fail(
    `the curve of ${what} to be of a known kind`,
    `its kind is ${JSON.stringify(kind)}`,
    'Use one of the kinds of Curve.',
  );
}

function requireFee(feePpm: number, what: string, fail: Fail): void {
  if (Number.isInteger(feePpm) && feePpm >= 0 && feePpm < 1_000_000) return;
  fail(`the fee of ${what} in parts per million`, `it is ${feePpm}`, 'Write 3000 for 0.3 %.');
}

function requireAscending(values: readonly (number | bigint)[], what: string, fail: Fail): void {
  const index = values.findIndex((value, at) => at > 0 && value <= values[at - 1]!);
  if (index !== -1) fail(`the ${what} in ascending order`, `number ${index} is not`, 'Sort them, each once.');
}

function requireInside(
  tick: number,
  { high, low }: { readonly low: number; readonly high: number },
  what: string,
  fail: Fail,
): void {
  if (low <= tick && tick <= high) return;
  fail(`the tick of ${what} within its range`, `${tick} is not in ${low} to ${high}`, 'Read around the current tick.');
}
