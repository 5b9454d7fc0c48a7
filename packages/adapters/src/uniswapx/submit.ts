import { type Chain, type Hex, type SolverOrder } from '@evenkeel/core';
import { concat } from 'ethers';
import * as v from 'valibot';
import { hexSchema } from '../common/schemas.js';
import { SolverOrderRefusedError } from '../common/solver-errors.js';
import { quoterAbi, refusalAbi } from './abi.js';
import { ADAPTER_ID, chainOf, type UniswapXOptions } from './config.js';
import { type DutchOrder, encodeDutchOrder, isCosigned } from './dutch-order.js';

/**
 * Gives the order away: an exclusive Dutch order after the quoter has tried it out, a V2 order before, since only its
 * cosigner makes it whole.
 *
 * @throws {SolverOrderRefusedError} when nothing could fill it as it is.
 */
export async function submitOrder(
  options: UniswapXOptions,
  { id }: SolverOrder,
  order: DutchOrder,
  signature: Hex,
  signal: AbortSignal,
): Promise<void> {
  const { chain, quoter } = chainOf(options, order.chainId);
  const encodedOrder = encodeDutchOrder(order);
  const { chainId, kind, reactor } = order;
  const posted = { chainId, kind, reactor, orderHash: id as Hex, encodedOrder, signature };
  if (order.kind === 'exclusive-dutch') {
    await tryOut(chain, quoter, id, encodedOrder, signature, signal);
    await options.network.post(posted, signal);
    return;
  }
  const { cosignedOrder } = await options.network.post(posted, signal);
  if (cosignedOrder === undefined) return;
  if (!v.is(hexSchema, cosignedOrder) || !isCosigned(order, cosignedOrder)) {
    throw new SolverOrderRefusedError(ADAPTER_ID, id, 'what was cosigned is another order');
  }
  await tryOut(chain, quoter, id, cosignedOrder, signature, signal);
}

/** A strict exclusivity hides everything behind it from the quoter, which is not the one filler. */
const CANNOT_TELL = 'NoExclusiveOverride';

async function tryOut(
  chain: Chain,
  quoter: Hex,
  id: string,
  encodedOrder: Hex,
  signature: Hex,
  signal: AbortSignal,
): Promise<void> {
  const data = quoterAbi.encodeFunctionData('quote', [encodedOrder, signature]) as Hex;
  const { results } = await chain.read([{ to: quoter, data }], signal);
  const [result] = results;
  if (result!.success) return;
  const reason = reasonOf(result!.data);
  if (reason !== CANNOT_TELL) throw new SolverOrderRefusedError(ADAPTER_ID, id, reason);
}

function reasonOf(data: Hex): string {
  // The quoter hands a reason on as it came, or as its own revert reason.
  for (const candidate of [data, concat(['0x08c379a0', data])]) {
    try {
      const parsed = refusalAbi.parseError(candidate);
      if (parsed !== null) return parsed.name === 'Error' ? String(parsed.args[0]) : parsed.name;
    } catch {
      // Not that.
    }
  }
  return data === '0x' ? 'it reverts without a reason' : data.slice(0, 10);
}
