/** ⌊amount · fraction⌋ with the 53 bits that a fraction has. */
export function share(amount: bigint, fraction: number): bigint {
  return (amount * BigInt(Math.round(fraction * 2 ** 52))) >> 52n;
}

/**
 * Splits `total` over legs in proportion to `weights`, smallest first; `push` says what a leg really takes, and what it
 * does not take goes on to the next. A second round offers what the largest could not take to those before it.
 */
export function distribute(
  total: bigint,
  weights: readonly number[],
  push: (leg: number, amount: bigint) => bigint,
): bigint {
  const order = weights.map((_, i) => i).sort((a, b) => weights[a]! - weights[b]!);
  const taken = new Array<bigint>(weights.length).fill(0n);
  let weightLeft = weights.reduce((sum, weight) => sum + weight, 0);
  let left = total;
  order.forEach((leg, position) => {
    const last = position === order.length - 1;
    const amount = last || !(weightLeft > 0) ? left : share(left, Math.min(1, weights[leg]! / weightLeft));
    weightLeft -= weights[leg]!;
    taken[leg] = push(leg, amount);
    left -= taken[leg];
  });
  for (const leg of order) {
    if (left <= 0n) break;
    const more = push(leg, taken[leg]! + left);
    left -= more - taken[leg]!;
  }
  return left > 0n ? left : 0n;
}
