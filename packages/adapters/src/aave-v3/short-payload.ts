import type { Address } from '@evenkeel/core';
import * as v from 'valibot';
import { addressSchema, atomsSchema } from '../common/schemas.js';
import { type SwapOrder, swapSchema } from '../instruments/swap.js';

/** What a trade of a short does, in the order of its calls: supply and borrow, swap, repay and withdraw. */
export interface ShortSteps {
  /** Atoms of the numeraire that are supplied first, or withdrawn last. */
  readonly supply: bigint;
  readonly withdraw: bigint;
  /** Atoms of the underlying. */
  readonly borrow: bigint;
  readonly repay: bigint;
  /** The whole debt, whatever it is by then. */
  readonly isWhole: boolean;
  readonly swap: SwapOrder;
}

/** The payload of a quote. */
export const shortPayload: v.GenericSchema<unknown, ShortSteps & { readonly owner: Address }> = v.strictObject({
  owner: addressSchema,
  supply: atomsSchema,
  withdraw: atomsSchema,
  borrow: atomsSchema,
  repay: atomsSchema,
  isWhole: v.boolean(),
  swap: swapSchema,
});
