import {
  type Address,
  type Fee,
  type Hex,
  type Lane,
  NATIVE_ADDRESS,
  type Quote,
  type QuoteRequest,
  type ReadBatch,
  sameAddress,
  type Token,
} from '@evenkeel/core';
import { InvalidInputError } from '@evenkeel/intents';
import * as v from 'valibot';
import { scaleAtoms } from '../common/amounts.js';
import { nowSeconds } from '../common/clock.js';
import { allowanceRead, REVOKE_GAS } from '../common/erc20.js';
import { AmountOutsideLimitsError, DeadlineUnreachableError, QuoteInconsistentError } from '../common/errors.js';
import { deepFreeze } from '../common/freeze.js';
import { quoteId } from '../common/quote-id.js';
import { checkRequest } from '../common/request.js';
import { contractRead, readContracts } from '../common/read.js';
import { spokePoolAbi } from './abi.js';
import { type ArrivalAction, arrivalMessage } from './action.js';
import { acrossChain, type AcrossOptions, arrivesAsNative, configuredLane } from './config.js';
import type { AcrossFees } from './fee-source.js';
import { type AcrossPayload, payloadJson } from './payload.js';

/** Measured on real contracts: an approval (46,000) and a deposit into a SpokePool that holds none yet (97,600). */
const ORIGIN_GAS = 145_000n;
/** Measured: what a message costs as calldata and in the log of the deposit. */
const GAS_PER_MESSAGE_BYTE = 20n;

/** Where a deposit's money goes, and what is done with it there. */
interface Delivery {
  readonly lane: Lane;
  readonly payee: Address;
  message(bridgedAtoms: bigint): Hex;
}

/** What the two chains say before a deposit. */
interface ChainState {
  readonly origin: ReadBatch['block'];
  readonly destination: ReadBatch['block'];
  readonly allowance: bigint;
  readonly quoteTimeBuffer: number;
  readonly fillDeadlineBuffer: number;
  readonly pausedOn: number | undefined;
}

/** A quote for one deposit, with or without an action on arrival. */
export async function quoteDeposit(
  options: AcrossOptions,
  request: QuoteRequest,
  action: ArrivalAction | undefined,
  signal: AbortSignal,
): Promise<Quote> {
  checkRequest(request);
  const delivery = deliveryOf(options, request, action);
  const { lane } = delivery;
  const inputAtoms = request.input.atoms;
  const [state, fees] = await Promise.all([
    readChains(options, lane, request.sender, signal),
    options.fees.fees(
      // The source prices the message by its size and its gas; the amount in it is not known before the fee.
      {
        lane,
        inputAtoms,
        recipient: delivery.payee,
        message: delivery.message(scaleAtoms(inputAtoms, lane.from, lane.to)),
      },
      signal,
    ),
  ]);
  checkFees(options, lane, inputAtoms, fees, state);

  const feeAtoms = fees.relayerCapitalAtoms + fees.relayerGasAtoms + fees.liquidityProviderAtoms;
  const bridgedAtoms = scaleAtoms(inputAtoms - feeAtoms, lane.from, lane.to);
  const now = nowSeconds(options.clock, state.destination);
  const { quoteLifeSeconds = 60 } = options;
  const quoteTimestamp = Math.min(fees.quoteTimestamp ?? state.origin.timeSeconds, state.origin.timeSeconds);
  const validUntil = Math.min(now + quoteLifeSeconds, quoteTimestamp + state.quoteTimeBuffer);
  if (validUntil <= now) {
    throw new QuoteInconsistentError('across', 'quoteTimestamp', `${quoteTimestamp} is too old for the SpokePool`, {
      hint: 'Compare the clocks of the fee source and of the origin chain.',
    });
  }
  const payload: AcrossPayload = {
    inputToken: lane.from,
    bridgedToken: lane.to,
    outputToken: request.tokenOut,
    inputAtoms,
    bridgedAtoms,
    minReceived: action?.minReceived ?? bridgedAtoms,
    depositor: request.sender,
    recipient: request.recipient,
    payee: delivery.payee,
    exclusiveRelayer: fees.exclusiveRelayer,
    exclusivityParameter: fees.exclusivityParameter,
    quoteTimestamp,
    fillDeadline: fillDeadline(options, request, fees, state, now),
    message: delivery.message(bridgedAtoms),
    resetAllowance: state.allowance > 0n,
    destinationBlock: state.destination.number,
  };
  const json = payloadJson(payload);
  return deepFreeze({
    id: quoteId('across', json, validUntil),
    adapter: 'across',
    kind: 'bridge',
    input: { token: { ...lane.from }, atoms: inputAtoms },
    output: { token: { ...request.tokenOut }, atoms: action?.expectedAtoms ?? bridgedAtoms },
    minReceived: payload.minReceived,
    fees: feesByKind(lane.from, fees),
    gas: [{ chainId: lane.from.chainId, units: originGas(payload) }],
    timeSeconds: { expected: fees.expectedFillSeconds, worst: payload.fillDeadline - now },
    validUntil,
    asOf: {
      source: `across:${options.fees.name}`,
      timeSeconds: state.origin.timeSeconds,
      chainId: lane.from.chainId,
      blockNumber: state.origin.number,
    },
    onFailure: 'refund-automatic',
    // The relayer fronts the money and carries the risk of the origin's finality; the owner's own comes back if unfilled.
    riskBearer: 'relayer',
    payload: json,
  } satisfies Quote);
}

function deliveryOf(options: AcrossOptions, request: QuoteRequest, action: ArrivalAction | undefined): Delivery {
  const lane = configuredLane(options, { from: request.input.token, to: action?.bridgedToken ?? request.tokenOut });
  const { multicallHandler } = acrossChain(options, lane.to.chainId);
  if (action === undefined && !arrivesAsNative(options, lane.to)) {
    return { lane, payee: request.recipient, message: () => '0x' };
  }
  if (multicallHandler === undefined) {
    throw new InvalidInputError(
      `chains[${lane.to.chainId}].multicallHandler`,
      undefined,
      'is needed for calls on arrival',
      'Give the address of the MulticallHandler, or attach no calls.',
    );
  }
  return {
    lane,
    payee: multicallHandler,
    message: (atoms) => arrivalMessage(action?.calls(atoms, request.recipient) ?? [], request.recipient),
  };
}

async function readChains(
  options: AcrossOptions,
  lane: Lane,
  sender: Address,
  signal: AbortSignal,
): Promise<ChainState> {
  const from = acrossChain(options, lane.from.chainId);
  const to = acrossChain(options, lane.to.chainId);
  const [origin, destination] = await Promise.all([
    readContracts(
      from.chain,
      [
        allowanceRead(lane.from, sender, from.spokePool),
        contractRead(spokePoolAbi, from.spokePool, 'pausedDeposits', [], v.boolean()),
        contractRead(spokePoolAbi, from.spokePool, 'depositQuoteTimeBuffer', [], v.bigint()),
        contractRead(spokePoolAbi, from.spokePool, 'fillDeadlineBuffer', [], v.bigint()),
      ],
      signal,
    ),
    readContracts(to.chain, [contractRead(spokePoolAbi, to.spokePool, 'pausedFills', [], v.boolean())], signal),
  ]);
  const [allowance, pausedDeposits, quoteTimeBuffer, fillDeadlineBuffer] = origin.values;
  const [pausedFills] = destination.values;
  return {
    origin: origin.block,
    destination: destination.block,
    allowance,
    quoteTimeBuffer: Number(quoteTimeBuffer),
    fillDeadlineBuffer: Number(fillDeadlineBuffer),
    pausedOn: pausedDeposits ? lane.from.chainId : pausedFills ? lane.to.chainId : undefined,
  };
}

function checkFees(options: AcrossOptions, lane: Lane, inputAtoms: bigint, fees: AcrossFees, state: ChainState): void {
  const { limits } = fees;
  if (state.pausedOn !== undefined) {
    const reason = `Across is paused on chain ${state.pausedOn}`;
    throw new AmountOutsideLimitsError('across', inputAtoms, { min: limits.min, max: 0n, reason });
  }
  if (inputAtoms < limits.min || inputAtoms > limits.max) {
    throw new AmountOutsideLimitsError('across', inputAtoms, limits);
  }
  const feeAtoms = fees.relayerCapitalAtoms + fees.relayerGasAtoms + fees.liquidityProviderAtoms;
  if (feeAtoms >= inputAtoms) {
    throw new QuoteInconsistentError('across', 'fees', `of ${feeAtoms} atoms eat all of the ${inputAtoms} atoms`, {
      hint: 'Send more at once.',
    });
  }
  const { spokePool } = acrossChain(options, lane.from.chainId);
  if (fees.originSpokePool !== undefined && !sameAddress(fees.originSpokePool, spokePool)) {
    throw new QuoteInconsistentError('across', 'originSpokePool', `is ${fees.originSpokePool}, ours is ${spokePool}`);
  }
  if (fees.exclusivityParameter > 0 && fees.exclusiveRelayer === NATIVE_ADDRESS) {
    throw new QuoteInconsistentError('across', 'exclusiveRelayer', 'is nobody, although there is an exclusive time');
  }
}

/** As late as relayers are given, but never after the request's deadline nor later than the contract allows. */
function fillDeadline(
  options: AcrossOptions,
  request: QuoteRequest,
  fees: AcrossFees,
  state: ChainState,
  now: number,
): number {
  const { fillWindowSeconds = 3_600 } = options;
  const deadline = Math.min(
    fees.fillDeadline ?? now + fillWindowSeconds,
    state.origin.timeSeconds + state.fillDeadlineBuffer,
    request.deadline,
  );
  const earliest = now + fees.expectedFillSeconds;
  if (deadline < earliest) throw new DeadlineUnreachableError('across', deadline, earliest);
  return deadline;
}

function feesByKind(token: Token, fees: AcrossFees): readonly Fee[] {
  const fee = (kind: Fee['kind'], atoms: bigint): Fee => ({
    kind,
    amount: { token: { ...token }, atoms },
    included: true,
  });
  return [
    fee('relayer', fees.relayerCapitalAtoms + fees.relayerGasAtoms),
    fee('liquidity-provider', fees.liquidityProviderAtoms),
  ];
}

function originGas({ message, resetAllowance }: AcrossPayload): bigint {
  const messageGas = GAS_PER_MESSAGE_BYTE * BigInt((message.length - 2) / 2);
  return ORIGIN_GAS + messageGas + (resetAllowance ? REVOKE_GAS : 0n);
}
