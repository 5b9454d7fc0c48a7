import type {
  BridgeAdapter,
  BridgeStatus,
  Call,
  Lane,
  LaneLimits,
  Quote,
  QuoteFill,
  QuoteRequest,
  SwapFill,
  Transfer,
  TypedData,
} from '@evenkeel/core';
import { sameAddress } from '@evenkeel/core';
import { InvalidInputError } from '@evenkeel/intents';
import type { AcrossAdapter } from '../across/across.js';
import { configuredOn } from '../common/configured-on.js';
import { FillMismatchError, LaneUnsupportedError } from '../common/errors.js';
import { deepFreeze } from '../common/freeze.js';
import { isRouterVersion } from '../uniswap-v4/swap-calls.js';
import { type BundlePlan, planBundle, type RouterBundle } from './bundle.js';
import { UNIVERSAL_ROUTER, type UniversalRouterChain, type UniversalRouterOptions } from './config.js';
import { type DrawRight, executeCalls } from './execute-calls.js';
import { permitFor, permittedTokens, permitTypedData, readPermitNonces, type RouterPermit } from './permit.js';

/** What is to be signed for a bundle, and its typed data. */
export interface PermitToSign {
  readonly permit: RouterPermit;
  readonly typedData: TypedData;
}

/**
 * Uniswap's Universal Router as the executor of bundles: permit, swaps and a deposit into Across in one transaction. As a
 * bridge it is Across with the router in front, so that a bundle that ends in a deposit is tracked like any transfer.
 */
export interface UniversalRouterAdapter extends BridgeAdapter {
  /** Takes a bundle apart: what it draws, what is certain to arrive. Pure. */
  plan(bundle: RouterBundle): BundlePlan;
  /** The permit for a bundle, from nonces that were read before; `undefined` when it draws no token. Pure. */
  permitOf(bundle: RouterBundle, nonces: ReadonlyMap<string, number>): PermitToSign | undefined;
  /** Permit2's counters for the tokens that the bundle draws, by address in lower case. */
  nonces(bundle: RouterBundle, signal: AbortSignal): Promise<ReadonlyMap<string, number>>;
  /** The calls of a bundle: one, or approvals before it. Pure. */
  buildBundle(bundle: RouterBundle, right: DrawRight): readonly Call[];
}

/**
 * The Universal Router (2.0 and later; deposits from 2.1 on).
 *
 * Every hop enforces its own minimum; whichever misses it takes the whole transaction back, the permit's nonce included.
 * A permit is for exactly what is drawn and dies with its block, outputs that later hops take stay in the router within
 * the transaction, and whatever is left of them is swept to the recipient at its end.
 *
 * @throws {InvalidInputError} for a configuration that cannot be right. Its functions throw CHAIN_NOT_CONFIGURED,
 * ROUTER_BUNDLE_INVALID, ROUTER_HOP_UNSUPPORTED, ROUTER_PERMIT_MISMATCH, FEE_ON_TRANSFER_TOKEN, and what Across throws.
 *
 * @example
 * ```ts
 * const router = universalRouter({ chains: { 1: { chain, universalRouter: address, permit2, universalRouterVersion: '2.0' } } });
 * const toSign = router.permitOf(bundle, await router.nonces(bundle, signal));
 * const signature = await account.signTypedData(toSign.typedData);
 * const [call] = router.buildBundle(bundle, { signed: { permit: toSign.permit, signature }, allowance: 'standing' });
 * ```
 */
export function universalRouter(options: UniversalRouterOptions): UniversalRouterAdapter {
  checkChains(options.chains);
  const configOf = (chainId: number): UniversalRouterChain => configuredOn(UNIVERSAL_ROUTER, options.chains, chainId);
  const { across } = options;
  return deepFreeze({
    kind: 'bridge',
    id: UNIVERSAL_ROUTER,
    name: 'Universal Router',
    capabilities: {
      lanes: (across?.capabilities.lanes ?? []).filter(({ from }) => options.chains[from.chainId] !== undefined),
      destinationCalls: false,
      recoverable: across !== undefined,
    },
    targets: (chainId) => {
      const config = options.chains[chainId];
      // A stuck deposit is claimed from Across itself.
      return config === undefined ? [] : [config.universalRouter, config.permit2, ...(across?.targets(chainId) ?? [])];
    },
    limits: async (lane, signal): Promise<LaneLimits> => acrossFor(across, lane).limits(lane, signal),
    quote: async (request: QuoteRequest, signal): Promise<Quote> => {
      const lane = { from: request.input.token, to: request.tokenOut };
      configOf(lane.from.chainId);
      return ownQuote(await acrossFor(across, lane).quote(request, signal));
    },
    build: (fill: SwapFill | QuoteFill): readonly Call[] => {
      const bundle = bundleOfQuote(fill);
      return executeCalls(planBundle(bundle), configOf(bundle.chainId), { allowance: 'exact' });
    },
    track: async (transfer: Transfer, signal): Promise<BridgeStatus> =>
      acrossFor(across, laneOf(transfer.quote)).track({ ...transfer, adapter: 'across' }, signal),
    recover: async (transfer, status, signal) =>
      (await across?.recover?.({ ...transfer, adapter: 'across' }, status, signal)) ?? [],
    plan: planBundle,
    permitOf: (bundle, nonces) => {
      const config = configOf(bundle.chainId);
      const permit = permitFor(planBundle(bundle), config, nonces);
      return permit && { permit, typedData: permitTypedData(permit, bundle.chainId, config.permit2) };
    },
    nonces: async (bundle, signal) => {
      const config = configOf(bundle.chainId);
      return readPermitNonces(config.chain, config, bundle.sender, permittedTokens(planBundle(bundle)), signal);
    },
    buildBundle: (bundle, right) => executeCalls(planBundle(bundle), configOf(bundle.chainId), right),
  } satisfies UniversalRouterAdapter);
}

/** Across's offer under our own name: the payload is the same, the deposit goes through the router. */
function ownQuote(quote: Quote): Quote {
  return deepFreeze({ ...quote, id: `${UNIVERSAL_ROUTER}:${quote.id}`, adapter: UNIVERSAL_ROUTER });
}

function bundleOfQuote(fill: SwapFill | QuoteFill): RouterBundle {
  if (fill.kind !== 'quote') {
    throw new FillMismatchError(UNIVERSAL_ROUTER, 'fill.kind', fill.kind, 'is not "quote": swaps are bundled');
  }
  const { deadline, quote, recipient, sender } = fill;
  const chainId = quote.input.token.chainId;
  const hop = { kind: 'deposit', quote } as const;
  // What arrives goes where the quote says; the recipient here is who gets leftovers on the origin.
  const bundle: RouterBundle = { chainId, sender, recipient: sender, deadline, hops: [hop] };
  const payload = planBundle(bundle).hops[0]!.deposit!;
  if (!sameAddress(payload.recipient, recipient)) {
    throw new FillMismatchError(UNIVERSAL_ROUTER, 'fill.recipient', recipient, `is not ${payload.recipient}`);
  }
  return bundle;
}

function laneOf({ input, output }: Quote): Lane {
  return { from: input.token, to: output.token };
}

function acrossFor(across: AcrossAdapter | undefined, lane: Lane): AcrossAdapter {
  if (across !== undefined) return across;
  throw new LaneUnsupportedError(UNIVERSAL_ROUTER, lane, 'needs the Across adapter');
}

const ADDRESS = /^0x[0-9a-f]{40}$/i;

function checkChains(chains: UniversalRouterOptions['chains']): void {
  for (const [key, config] of Object.entries(chains)) {
    const field = `chains.${key}`;
    if (config.chain.id !== Number(key)) {
      throw new InvalidInputError(`${field}.chain`, config.chain.id, `is not chain ${key}`, 'Use its id as the key.');
    }
    for (const name of ['universalRouter', 'permit2'] as const) {
      if (ADDRESS.test(config[name])) continue;
      throw new InvalidInputError(`${field}.${name}`, config[name], 'is not an address', 'Write 0x and 40 hex digits.');
    }
    if (!isRouterVersion(config.universalRouterVersion)) {
      const version: unknown = config.universalRouterVersion;
      throw new InvalidInputError(
        `${field}.universalRouterVersion`,
        version,
        'is not known',
        'Write "2.0" or "2.1.1".',
      );
    }
  }
}
