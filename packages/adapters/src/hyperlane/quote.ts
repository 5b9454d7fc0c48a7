import { type Lane, type LaneLimits, NATIVE_ADDRESS, type Quote, type QuoteRequest, type Token } from '@evenkeel/core';
import { scaleAtoms } from '../common/amounts.js';
import { nowSeconds } from '../common/clock.js';
import { AmountOutsideLimitsError, DeadlineUnreachableError, QuoteInconsistentError } from '../common/errors.js';
import { REVOKE_GAS } from '../common/erc20.js';
import { deepFreeze } from '../common/freeze.js';
import { quoteId } from '../common/quote-id.js';
import { checkRequest } from '../common/request.js';
import { hyperlaneChain, type HyperlaneOptions, type WarpLane, warpLane } from './config.js';
import { type HyperlanePayload, payloadJson } from './payload.js';
import { collateralLimits, type FarSide, type NearSide, readFarSide, readNearSide } from './warp-state.js';

/** Measured on real contracts: an approval (46,000) and a dispatch with merkle tree and gas paymaster (129,000–197,000). */
const ORIGIN_GAS = 245_000n;

const DELIVERY = { expected: 60, worst: 3_600 };

/** A quote for one transfer: one to one, the message paid on top. Too little far-side collateral is refused here. */
export async function quoteTransfer(
  options: HyperlaneOptions,
  request: QuoteRequest,
  signal: AbortSignal,
): Promise<Quote> {
  checkRequest(request);
  const lane = warpLane(options, { from: request.input.token, to: request.tokenOut });
  const { atoms } = request.input;
  const { recipient, sender } = request;
  const [near, far] = await Promise.all([
    readNearSide(options, lane, { sender, recipient, atoms }, signal),
    readFarSide(options, lane, signal),
  ]);
  const limits = collateralLimits(lane, far, near.scale);
  if (atoms < limits.min || atoms > limits.max) throw new AmountOutsideLimitsError('hyperlane', atoms, limits);

  const now = nowSeconds(options.clock, near.block);
  const { deliverySeconds = DELIVERY, quoteLifeSeconds = 60 } = options;
  if (now + deliverySeconds.expected > request.deadline) {
    throw new DeadlineUnreachableError('hyperlane', request.deadline, now + deliverySeconds.expected);
  }
  const payload: HyperlanePayload = {
    inputToken: lane.from.token,
    outputToken: lane.to.token,
    originRouter: lane.from.router,
    destinationRouter: lane.to.router,
    inputAtoms: atoms,
    outputAtoms: outputAtoms(lane, atoms, near, far),
    messageAtoms: atoms * near.scale,
    messageFeeWei: near.messageFeeWei,
    sender,
    recipient,
    resetAllowance: near.allowance > 0n,
    destinationBlock: far.block.number,
  };
  const json = payloadJson(payload);
  return deepFreeze({
    id: quoteId('hyperlane', json, now + quoteLifeSeconds),
    adapter: 'hyperlane',
    kind: 'bridge',
    input: { token: { ...lane.from.token }, atoms },
    output: { token: { ...lane.to.token }, atoms: payload.outputAtoms },
    minReceived: payload.outputAtoms,
    fees: [
      {
        kind: 'message',
        amount: { token: nativeToken(options, lane.from.token.chainId), atoms: near.messageFeeWei },
        included: false,
      },
    ],
    gas: [{ chainId: lane.from.token.chainId, units: ORIGIN_GAS + (payload.resetAllowance ? REVOKE_GAS : 0n) }],
    timeSeconds: { ...deliverySeconds },
    validUntil: now + quoteLifeSeconds,
    asOf: {
      source: 'hyperlane',
      timeSeconds: near.block.timeSeconds,
      chainId: lane.from.token.chainId,
      blockNumber: near.block.number,
    },
    // Nothing comes back by itself: a message that is stuck has to be delivered, by anybody who signs for it.
    onFailure: 'needs-signature',
    riskBearer: 'owner',
    payload: json,
  } satisfies Quote);
}

/** What the lane can carry now. */
export async function transferLimits(options: HyperlaneOptions, asked: Lane, signal: AbortSignal): Promise<LaneLimits> {
  const lane = warpLane(options, asked);
  const nobody = { sender: lane.from.router, recipient: lane.to.router, atoms: 1n };
  const [near, far] = await Promise.all([
    readNearSide(options, lane, nobody, signal),
    readFarSide(options, lane, signal),
  ]);
  return collateralLimits(lane, far, near.scale);
}

/** What the far router will pay; its scale has to agree with the tokens' decimals, or value would be lost or made. */
function outputAtoms(lane: WarpLane, atoms: bigint, near: NearSide, far: FarSide): bigint {
  const paid = (atoms * near.scale) / far.scale;
  const fair = scaleAtoms(atoms, lane.from.token, lane.to.token);
  if (paid === fair) return paid;
  throw new QuoteInconsistentError('hyperlane', 'scale', `makes ${atoms} atoms ${paid}, the decimals make it ${fair}`, {
    hint: 'Check the routers and the decimals in the configuration.',
  });
}

function nativeToken(options: HyperlaneOptions, chainId: number): Token {
  const { nativeSymbol = 'ETH' } = hyperlaneChain(options, chainId);
  return { chainId, address: NATIVE_ADDRESS, symbol: nativeSymbol, decimals: 18 };
}
