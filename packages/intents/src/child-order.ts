import { solidityPackedKeccak256 } from 'ethers/hash';
import { ChildOrderExceedsError, ChildOrderForeignError } from './intent-errors.js';
import { bytes32, check, integer } from './input.js';
import type { Address, Hex, RebalanceIntent, SpendingLimit } from './intent.js';
import { parseIntent } from './schema.js';
import { addressToBytes32, parseStandardOrder } from './standard-order.js';
import type { StandardOrder } from './standard-order.js';
import { hashIntent } from './typed-data.js';

/** An order given to an outside network on behalf of an intent. */
export interface ChildOrder {
  /** Id of the intent that it serves. */
  readonly parentId: Hex;
  /** Which of the intent's children it is; unique within the intent. */
  readonly index: number;
  /** The adapter that places it. */
  readonly adapter: string;
  readonly order: StandardOrder;
}

/** Spending of the parent that is done: what dead or filled children, or other routes, really took. */
export interface Spent {
  readonly chainId: number;
  readonly token: Address;
  readonly atoms: bigint;
}

const childIndex = integer(0, Number.MAX_SAFE_INTEGER, "Give the child's number, from 0.");

/**
 * The nonce that a child has to carry: `keccak256(parentId ‖ uint256 index)`. It puts the parent's name into what the
 * user signs, where the order format itself has no place for it, and no two children of one intent can share it.
 *
 * @throws {InvalidInputError} when the id or the index is none.
 */
export function childNonce(parentId: Hex, index: number): bigint {
  const packed = [check(bytes32, parentId, 'parentId'), check(childIndex, index, 'index')];
  return BigInt(solidityPackedKeccak256(['bytes32', 'uint256'], packed));
}

/**
 * Refuses an order that its parent intent does not cover: another intent's, of another account, by an adapter that is
 * not admitted, past the deadline, spending a token or paying a recipient that the intent does not name, or more than
 * is left when all live children are taken at their maxima.
 *
 * @param liveChildren every child that may still draw its inputs; one that is not *provably* dead is live.
 * @param spent what is gone for good, in atoms; counts against the limits, which hold over the intent's whole life.
 * @throws {ChildOrderForeignError} when it does not belong to the intent.
 * @throws {ChildOrderExceedsError} when the spending limit does not suffice.
 * @throws {InvalidInputError} when the intent or an order breaks its schema.
 * @example
 * ```ts
 * const parentId = hashIntent(intent);
 * const order = { ...draft, nonce: childNonce(parentId, 0) };
 * assertChildWithin(intent, [], { parentId, index: 0, adapter: 'oif', order });
 * ```
 */
export function assertChildWithin(
  parent: RebalanceIntent,
  liveChildren: readonly ChildOrder[],
  child: ChildOrder,
  spent: readonly Spent[] = [],
): void {
  const intent = parseIntent(parent);
  const order = parseStandardOrder(child.order);
  assertNamesParent(intent, liveChildren, child, order);
  assertOutputsArrive(intent, order);
  assertLimitsSuffice(intent, liveChildren, order, spent);
}

function assertNamesParent(
  intent: RebalanceIntent,
  liveChildren: readonly ChildOrder[],
  child: ChildOrder,
  order: StandardOrder,
): void {
  const parentId = hashIntent(intent);
  for (const { parentId: named } of [child, ...liveChildren]) {
    if (named.toLowerCase() !== parentId) {
      throw new ChildOrderForeignError('parentId', named, `is not the intent ${parentId}`, 'Check it against its own.');
    }
  }
  if (order.nonce !== childNonce(parentId, child.index)) {
    throw new ChildOrderForeignError(
      'order.nonce',
      order.nonce.toString(),
      `does not name child ${child.index} of intent ${parentId}`,
      'Use childNonce(parentId, index).',
    );
  }
  if (liveChildren.some(({ index }) => index === child.index)) {
    throw new ChildOrderForeignError('index', child.index, 'is taken by a live child', 'Count on.');
  }
  if (order.user !== intent.signer) {
    throw new ChildOrderForeignError('order.user', order.user, `is not the signer ${intent.signer}`, 'Use the signer.');
  }
  if (!intent.adapters.includes(child.adapter)) {
    throw new ChildOrderForeignError('adapter', child.adapter, 'is not admitted by the intent', 'Use one that is.');
  }
  if (order.fillDeadline > intent.deadline) {
    throw new ChildOrderForeignError(
      'order.fillDeadline',
      order.fillDeadline,
      `is after the intent's deadline ${intent.deadline}`,
      'End the order with the intent.',
    );
  }
}

function assertOutputsArrive(intent: RebalanceIntent, order: StandardOrder): void {
  order.outputs.forEach((output, index) => {
    const named = intent.spending.some(
      (limit) => limit.chainId === output.chainId && addressToBytes32(limit.recipient) === output.recipient,
    );
    if (!named) {
      throw new ChildOrderForeignError(
        `order.outputs.${index}.recipient`,
        output.recipient,
        `is not a recipient that the intent names on chain ${output.chainId}`,
        'Let it arrive where the intent says.',
      );
    }
  });
}

function assertLimitsSuffice(
  intent: RebalanceIntent,
  liveChildren: readonly ChildOrder[],
  order: StandardOrder,
  spent: readonly Spent[],
): void {
  for (const [index, { token }] of order.inputs.entries()) {
    const limit = intent.spending.find((each) => each.chainId === order.originChainId && each.token === token);
    if (limit === undefined) {
      throw new ChildOrderForeignError(
        `order.inputs.${index}.token`,
        token,
        `is not a token that the intent may spend on chain ${order.originChainId}`,
        'Spend one that it names.',
      );
    }
    const wanted = maximum(order, limit);
    const live = liveChildren.reduce((sum, child) => sum + maximum(parseStandardOrder(child.order), limit), 0n);
    const gone = spent.filter((each) => isOf(each, limit)).reduce((sum, each) => sum + each.atoms, 0n);
    if (wanted + live + gone > limit.maxSpend) {
      throw new ChildOrderExceedsError(limit.chainId, token, wanted, live + gone, limit.maxSpend);
    }
  }
}

/** The most that an order can take under one limit, in atoms. */
function maximum(order: StandardOrder, limit: SpendingLimit): bigint {
  return order.inputs
    .filter(({ token }) => isOf({ chainId: order.originChainId, token }, limit))
    .reduce((sum, { amount }) => sum + amount, 0n);
}

function isOf(some: { readonly chainId: number; readonly token: string }, limit: SpendingLimit): boolean {
  return some.chainId === limit.chainId && some.token.toLowerCase() === limit.token.toLowerCase();
}
