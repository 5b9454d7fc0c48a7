import { type Address, type Hex, NATIVE_ADDRESS, sameAddress } from '@evenkeel/core';
import { solidityPacked } from 'ethers';
import * as v from 'valibot';
import { isListed } from '../uniswap/config.js';
import { FeeOnTransferTokenError, poolPayload } from '../uniswap/fill.js';
import { singleSwap } from '../uniswap-v4/swap-calls.js';
import { keyOf } from '../uniswap-v4/pool-key.js';
import type { AcrossPayload } from '../across/payload.js';
import { ACROSS_DEPOSIT_TYPE, coder, COMMAND, OPEN_DELTA, THE_ROUTER, V4_SWAP_SETTLE_TAKE } from './abi.js';
import type { BundlePlan, PlacedHop, RouterSwap } from './bundle.js';
import { UNIVERSAL_ROUTER, type UniversalRouterChain } from './config.js';
import { RouterHopUnsupportedError } from './errors.js';

/** One command of the router with its input. */
export interface RouterCommand {
  /** Two hex digits. */
  readonly command: string;
  readonly input: Hex;
}

const feePpm = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(999_999));
const v3Payload = v.strictObject({ feePpm });
const v4Payload = v.strictObject({
  feePpm,
  tickSpacing: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(32_767)),
});

/** The hops as commands, then one that sweeps what is left of every token that passed through the router. */
export function hopCommands(plan: BundlePlan, config: UniversalRouterChain): readonly RouterCommand[] {
  const { recipient } = plan.bundle;
  return [
    ...plan.hops.flatMap((placed, index) => [...drawMissing(placed), hopCommand(placed, index, recipient, config)]),
    ...plan.sweeps.map(({ address }) =>
      encode(COMMAND.SWEEP, ['address', 'address', 'uint256'], [address, recipient, 0n]),
    ),
  ];
}

/** What hops before did not bring for certain is drawn into the router. The native coin is there with the call. */
function drawMissing({ payer, tokenIn }: PlacedHop): readonly RouterCommand[] {
  if (payer.kind === 'sender' || payer.missing === 0n || sameAddress(tokenIn.address, NATIVE_ADDRESS)) return [];
  const types = ['address', 'address', 'uint160'];
  return [encode(COMMAND.PERMIT2_TRANSFER_FROM, types, [tokenIn.address, THE_ROUTER, payer.missing])];
}

function hopCommand(
  { deposit, hop, kept, payer }: PlacedHop,
  index: number,
  recipient: Address,
  config: UniversalRouterChain,
): RouterCommand {
  if (hop.kind === 'deposit') return depositCommand(deposit!);
  for (const token of [hop.tokenIn, hop.tokenOut]) {
    if (isListed(token, config.feeOnTransfer)) throw new FeeOnTransferTokenError(UNIVERSAL_ROUTER, token);
  }
  return swapCommand(hop, index, kept ? THE_ROUTER : recipient, payer.kind === 'sender', config);
}

function swapCommand(
  hop: RouterSwap,
  index: number,
  to: Address,
  payerIsSender: boolean,
  config: UniversalRouterChain,
): RouterCommand {
  const { amountIn, minReceived, pool, tokenIn, tokenOut } = hop;
  switch (pool.adapter) {
    case 'uniswap-v2': {
      const types = ['address', 'uint256', 'uint256', 'address[]', 'bool'];
      const path = [tokenIn.address, tokenOut.address];
      return encode(COMMAND.V2_SWAP_EXACT_IN, types, [to, amountIn, minReceived, path, payerIsSender]);
    }
    case 'uniswap-v3': {
      const tier = poolPayload(UNIVERSAL_ROUTER, v3Payload, pool.payload);
      const path = solidityPacked(['address', 'uint24', 'address'], [tokenIn.address, tier.feePpm, tokenOut.address]);
      const types = ['address', 'uint256', 'uint256', 'bytes', 'bool'];
      return encode(COMMAND.V3_SWAP_EXACT_IN, types, [to, amountIn, minReceived, path, payerIsSender]);
    }
    case 'uniswap-v4': {
      const key = keyOf(pool.tokens, poolPayload(UNIVERSAL_ROUTER, v4Payload, pool.payload));
      const side = sameAddress(key.currency0, tokenIn.address) ? 0 : 1;
      const params = [
        singleSwap(hop, side, key, config.universalRouterVersion),
        coder.encode(['address', 'uint256', 'bool'], [tokenIn.address, OPEN_DELTA, payerIsSender]),
        coder.encode(['address', 'address', 'uint256'], [tokenOut.address, to, OPEN_DELTA]),
      ];
      return encode(COMMAND.V4_SWAP, ['bytes', 'bytes[]'], [V4_SWAP_SETTLE_TAKE, params]);
    }
    default:
      throw new RouterHopUnsupportedError(index, pool.adapter, `it knows no pools of ${pool.adapter}`);
  }
}

/** Exactly the quoted input: what the swaps brought beyond it is swept to the recipient, not given to the relayer. */
function depositCommand(payload: AcrossPayload): RouterCommand {
  const params = {
    depositor: payload.depositor,
    recipient: payload.payee,
    inputToken: payload.inputToken.address,
    outputToken: payload.bridgedToken.address,
    inputAmount: payload.inputAtoms,
    outputAmount: payload.bridgedAtoms,
    destinationChainId: payload.bridgedToken.chainId,
    exclusiveRelayer: payload.exclusivityParameter === 0 ? NATIVE_ADDRESS : payload.exclusiveRelayer,
    quoteTimestamp: payload.quoteTimestamp,
    fillDeadline: payload.fillDeadline,
    exclusivityDeadline: payload.exclusivityParameter,
    message: payload.message,
    useNative: false,
  };
  return encode(COMMAND.ACROSS_V4_DEPOSIT_V3, [ACROSS_DEPOSIT_TYPE], [params]);
}

function encode(command: string, types: readonly string[], values: readonly unknown[]): RouterCommand {
  return { command, input: coder.encode(types, values) as Hex };
}
