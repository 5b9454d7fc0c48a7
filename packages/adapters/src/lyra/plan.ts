import { isLong, type LyraKind } from './market.js';
import type { LyraOrder } from './orders.js';
import type { LyraPosition } from './read.js';

export type PlannedOrder = Pick<LyraOrder, 'amount' | 'kind' | 'positionId' | 'verb'> & {
  /** Collateral and amount of the position before. */
  readonly held: bigint;
  readonly amountBefore: bigint;
};

/**
 * What a signed size means for an owner who may have positions of the same option: opposite ones are closed first, and the
 * rest is opened in the position of its kind that is there, or in a new one.
 */
export function planOrders(
  size: bigint,
  { isCallOption, writtenCalls }: { readonly isCallOption: boolean; readonly writtenCalls: LyraKind },
  positions: readonly LyraPosition[],
): readonly PlannedOrder[] {
  const buys = size > 0n;
  const orders: PlannedOrder[] = [];
  let left = buys ? size : -size;
  for (const { amount, collateral, kind, positionId } of positions.filter((each) => isLong(each.kind) !== buys)) {
    const closed = amount < left ? amount : left;
    if (closed === 0n) break;
    orders.push({ verb: 'close', kind, positionId, amount: closed, held: collateral, amountBefore: amount });
    left -= closed;
  }
  if (left === 0n) return orders;
  const kind = kindOf(buys, isCallOption, writtenCalls);
  const same = positions.find((each) => each.kind === kind);
  return [
    ...orders,
    {
      verb: 'open',
      kind,
      positionId: same?.positionId ?? 0n,
      amount: left,
      held: same?.collateral ?? 0n,
      amountBefore: same?.amount ?? 0n,
    },
  ];
}

function kindOf(buys: boolean, isCallOption: boolean, writtenCalls: LyraKind): LyraKind {
  if (buys) return isCallOption ? 'long-call' : 'long-put';
  return isCallOption ? writtenCalls : 'short-put-quote';
}
