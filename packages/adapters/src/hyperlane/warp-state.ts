import { type Address, fromAtoms, type LaneLimits, NATIVE_ADDRESS, type ReadBatch, sameAddress } from '@evenkeel/core';
import * as v from 'valibot';
import { allowanceRead, balanceRead } from '../common/erc20.js';
import { QuoteInconsistentError } from '../common/errors.js';
import { contractRead, optionalRead, readContracts } from '../common/read.js';
import { addressSchema, wordSchema } from '../common/schemas.js';
import { addressToWord } from '../common/word.js';
import { warpRouterAbi } from './abi.js';
import { hyperlaneChain, type HyperlaneOptions, type WarpLane } from './config.js';

/** What the far side of a lane holds and how it counts. */
export interface FarSide {
  readonly block: ReadBatch['block'];
  readonly collateral: bigint;
  readonly scale: bigint;
}

/** What the near side of a lane charges and how it counts. */
export interface NearSide {
  readonly block: ReadBatch['block'];
  readonly allowance: bigint;
  readonly scale: bigint;
  readonly messageFeeWei: bigint;
}

const paymentsSchema = v.pipe(
  v.any(),
  v.transform((rows: Iterable<Iterable<unknown>>) => [...rows].map((row) => [...row])),
  v.array(v.tuple([addressSchema, v.bigint()])),
);

/** Reads and checks the far router: it has to pay the token that we think it pays. */
export async function readFarSide(options: HyperlaneOptions, lane: WarpLane, signal: AbortSignal): Promise<FarSide> {
  const { router, token } = lane.to;
  const { block, values } = await readContracts(
    hyperlaneChain(options, token.chainId).chain,
    [
      balanceRead(token, router),
      contractRead(warpRouterAbi, router, 'wrappedToken', [], addressSchema),
      optionalRead(contractRead(warpRouterAbi, router, 'scale', [], v.bigint())),
    ],
    signal,
  );
  const [collateral, wrapped, scale] = values;
  checkWrapped(wrapped, lane.to);
  return { block, collateral, scale: scale ?? 1n };
}

/** Reads and checks the near router: it has to take our token and send to the far router. */
export async function readNearSide(
  options: HyperlaneOptions,
  lane: WarpLane,
  transfer: { readonly sender: Address; readonly recipient: Address; readonly atoms: bigint },
  signal: AbortSignal,
): Promise<NearSide> {
  const { router, token } = lane.from;
  const { domain } = hyperlaneChain(options, lane.to.token.chainId);
  const recipient = addressToWord(transfer.recipient);
  const { block, values } = await readContracts(
    hyperlaneChain(options, token.chainId).chain,
    [
      allowanceRead(token, transfer.sender, router),
      contractRead(warpRouterAbi, router, 'wrappedToken', [], addressSchema),
      optionalRead(contractRead(warpRouterAbi, router, 'scale', [], v.bigint())),
      contractRead(warpRouterAbi, router, 'routers', [domain], wordSchema),
      contractRead(warpRouterAbi, router, 'quoteGasPayment', [domain], v.bigint()),
      optionalRead(
        contractRead(warpRouterAbi, router, 'quoteTransferRemote', [domain, recipient, transfer.atoms], paymentsSchema),
      ),
    ],
    signal,
  );
  const [allowance, wrapped, scale, enrolled, gasPayment, payments] = values;
  checkWrapped(wrapped, lane.from);
  if (enrolled !== addressToWord(lane.to.router)) {
    throw new QuoteInconsistentError('hyperlane', 'routers', `sends to ${enrolled}, not to ${lane.to.router}`, {
      hint: 'Check the routers in the configuration.',
    });
  }
  checkTokenPayments(payments ?? [], lane, transfer.atoms);
  const native = payments?.filter(([paid]) => paid === NATIVE_ADDRESS).reduce((sum, [, wei]) => sum + wei, 0n);
  return { block, allowance, scale: scale ?? 1n, messageFeeWei: native ?? gasPayment };
}

/** What the far side can pay now, in atoms of the input token. Messages on their way may use it up before ours. */
export function collateralLimits(lane: WarpLane, far: FarSide, nearScale: bigint): LaneLimits {
  const { token } = lane.to;
  return Object.freeze({
    // The smallest input that is at least one atom on the far side.
    min: (far.scale + nearScale - 1n) / nearScale,
    max: (far.collateral * far.scale) / nearScale,
    reason: `far-side collateral is ${fromAtoms(token, far.collateral)} ${token.symbol} on chain ${token.chainId}`,
  });
}

function checkWrapped(
  wrapped: Address,
  { router, token }: { readonly router: Address; readonly token: { address: Address } },
): void {
  if (sameAddress(wrapped, token.address)) return;
  throw new QuoteInconsistentError('hyperlane', 'wrappedToken', `of ${router} is ${wrapped}, not ${token.address}`, {
    hint: 'Check the routers in the configuration.',
  });
}

/** A router that wants tokens beyond the amount would make us spend more than the input. */
function checkTokenPayments(payments: readonly (readonly [Address, bigint])[], lane: WarpLane, atoms: bigint): void {
  const tokens = payments.filter(([paid]) => paid !== NATIVE_ADDRESS);
  if (tokens.every(([paid, amount]) => sameAddress(paid, lane.from.token.address) && amount <= atoms)) return;
  throw new QuoteInconsistentError(
    'hyperlane',
    'quoteTransferRemote',
    `wants a fee in tokens on top of ${atoms} atoms`,
    {
      hint: 'Use another route: this adapter never spends more than the input.',
    },
  );
}
