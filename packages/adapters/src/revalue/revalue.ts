import {
  type Address,
  type AsOf,
  type Chain,
  decimalFromNumber,
  interval,
  type PositionReading,
  type PositionSource,
} from '@evenkeel/core';
import { InvalidInputError } from '@evenkeel/intents';
import { deepFreeze } from '../common/freeze.js';
import { MULTICALL3_ADDRESS } from '../json-rpc/multicall.js';
import { positionId, unknownReading, unreadable } from '../positions/readings.js';
import type { PriceBump } from './bumps.js';
import { type FivePoints, fromFivePoints } from './differences.js';
import { assertView, type Measurement, measure } from './measure.js';

/** A number that a view answers. */
export interface ViewValue {
  readonly to: Address;
  /** `function valueOf(address owner) view returns (uint256)`: the number is its first output. */
  readonly signature: string;
  /** `$owner` stands for the owner. Default: none. */
  readonly args?: readonly (string | number | bigint)[];
  /** How many decimals the number has. */
  readonly decimals: number;
  /** Which output it is, where the view has several. Default: 0. */
  readonly output?: number;
}

export interface RevalueOptions {
  readonly chain: Chain;
  readonly id: string;
  readonly label: string;
  /** What the position is worth, numeraire. */
  readonly value: ViewValue;
  /** The price that is bumped, numeraire per unit of the underlying, as the value's contract reads it. */
  readonly price: ViewValue;
  readonly bump: PriceBump;
  /**
   * What the owner has of it, such as shares. Where it answers zero there is no position; without it a value of zero at
   * every price is unknown.
   */
  readonly holding?: ViewValue;
  /** How far the price is bumped to either side, as a share. Default: 0.01. */
  readonly bumpShare?: number;
  /** How far the spot may be from the price that was read before the reading is worth nothing. Default: 0.05. */
  readonly validWithinShare?: number;
  /** Whose spot it follows. Default: the book's own underlying. */
  readonly underlying?: string;
  /** Tells on which block each answer was made. Default: the address that Multicall3 has nearly everywhere. */
  readonly multicall3?: Address;
}

/**
 * Any position whose value a view of a chain knows: the price that the view reads is bumped by state override, and what
 * the view says then gives delta and gamma. Five values at one block, in at most eight requests, or twice as many where a block comes between.
 *
 * Nothing is taken for zero: where the bump does not make the price what it should be, where the view does not react to
 * it, reverts, or answers on different blocks, the position is *unknown*. Where the value has a kink within the bump it
 * is unknown between the least and the greatest slope there.
 *
 * Vega and theta are not measured.
 *
 * @throws {InvalidInputError} for a share or a view that is none. `read` throws only when it is aborted.
 * @example
 * ```ts
 * const source = revalue({
 *   chain,
 *   id: 'note',
 *   label: 'Squared note',
 *   value: { to: note, signature: 'function valueOf(address) view returns (uint256)', args: ['$owner'], decimals: 18 },
 *   price: { to: feed, signature: 'function latestAnswer() view returns (int256)', decimals: 8 },
 *   bump: feedAnswer({ address: feed, decimals: 8 }),
 * })
 * ```
 */
export function revalue(options: RevalueOptions): PositionSource {
  const { bumpShare = 0.01, chain, label, multicall3 = MULTICALL3_ADDRESS, validWithinShare = 0.05 } = options;
  requireShare(bumpShare, 'bumpShare');
  requireShare(validWithinShare, 'validWithinShare');
  assertView(options.value, 'value');
  assertView(options.price, 'price');
  if (options.holding !== undefined) assertView(options.holding, 'holding');
  const source = { id: options.id, name: `${label} on ${chain.name}`, chain };
  const lastSeen = new Map<Address, readonly PositionReading[]>();

  const read = async (owner: Address, signal: AbortSignal): Promise<readonly PositionReading[]> => {
    try {
      const measured = await measure({ ...options, bumpShare, multicall3 }, owner, signal);
      const id = positionId(source.id, owner, 'value');
      const readings =
        measured === undefined ? [] : [readingOf({ id, label }, options, measured, bumpShare, validWithinShare)];
      lastSeen.set(owner, readings);
      return deepFreeze(readings);
    } catch (error) {
      return deepFreeze(unreadable(error, source, owner, lastSeen.get(owner) ?? [], signal));
    }
  };
  return Object.freeze({ id: source.id, name: source.name, read });
}

function readingOf(
  { id, label }: { readonly id: string; readonly label: string },
  options: RevalueOptions,
  { block, spot, values }: Measurement,
  bumpShare: number,
  validWithinShare: number,
): PositionReading {
  const { chain, underlying, value } = options;
  const asOf: AsOf = {
    source: options.id,
    chainId: chain.id,
    timeSeconds: block.timeSeconds,
    blockNumber: block.number,
  };
  const points = values as FivePoints;
  const rounding = Math.max(10 ** -value.decimals, Math.abs(points[2]) * Number.EPSILON);
  const { deltaUnits, gammaPerUnit, kinked, slopes } = fromFivePoints(points, spot, bumpShare, rounding);
  const text = (number: number, field: string): string => decimalFromNumber(number, field);
  if (kinked) {
    const reason = `its value has a kink within ${bumpShare * 100} % of ${spot}`;
    const deltaBounds = interval(text(Math.min(...slopes), 'delta'), text(Math.max(...slopes), 'delta'));
    return { ...unknownReading(id, label, reason, asOf), deltaBounds };
  }
  return {
    status: 'known',
    id,
    label,
    position: {
      kind: 'measured',
      spot: text(spot, 'spot'),
      value: text(points[2], 'value'),
      deltaUnits: text(deltaUnits, 'delta'),
      gammaPerUnit: text(gammaPerUnit, 'gamma'),
      validWithinShare: text(validWithinShare, 'validWithinShare'),
      ...(underlying === undefined ? {} : { underlying }),
    },
    asOf,
  };
}

function requireShare(value: number, field: string): void {
  if (value > 0 && value < 0.5) return;
  throw new InvalidInputError(field, value, 'is not a share above 0 and below 0.5', 'Write 0.01 for one percent.');
}
