import {
  type Account,
  type CallStep,
  type HedgeHop,
  type HedgeRoute,
  type Hex,
  type Programme,
  type Quote,
  type Step,
  type TokenAmount,
  tokenKey,
} from '@evenkeel/core';
import { deepFreeze } from '../common/freeze.js';
import type { RouterBundle, RouterHop } from './bundle.js';
import { UNIVERSAL_ROUTER } from './config.js';
import { RouterBundleInvalidError } from './errors.js';
import type { DrawRight } from './execute-calls.js';
import type { UniversalRouterAdapter } from './universal-router.js';

export interface BundledRequest {
  readonly intentId: Hex;
  readonly slice: number;
  readonly route: Pick<HedgeRoute, 'hops'>;
  /** What the account holds now; a hop that these cover waits for no arrival. */
  readonly inventories: readonly TokenAmount[];
  /** Firm quotes of the route's transfers by the router, in the order of its hops. */
  readonly firmQuotes: readonly Quote[];
  readonly account: Account;
  readonly router: UniversalRouterAdapter;
  /** Whether the account has given Permit2 an allowance that stays. */
  readonly allowance: DrawRight['allowance'];
  /** Unix seconds, enforced on chain. */
  readonly deadline: number;
  readonly signal: AbortSignal;
}

/** Hops of one chain that go together, and the arrivals that they wait for. */
interface Group {
  readonly chainId: number;
  readonly hops: { readonly hop: HedgeHop; readonly index: number; readonly quote: Quote | undefined }[];
  readonly waitsFor: Set<string>;
}

/**
 * Turns a route into one step a chain instead of several a hop: what a chain can do with what it holds is one bundle, what
 * it can do only after something has arrived is another. The permits are signed here, by the account; an account that
 * batches atomically signs none, its approvals travel with the bundle.
 *
 * Runs through `executeProgramme` like any programme, where the intent admits the adapter `universal-router`.
 *
 * @throws {RouterHopUnsupportedError} for a pool that the router does not know: use `planProgramme` then.
 * @throws {RouterBundleInvalidError} when a transfer has no firm quote of its size; SIGNER_* errors of the account.
 * @example
 * ```ts
 * const programme = await bundledProgramme({ intentId, slice: 0, route, inventories, firmQuotes, account, router,
 *   allowance: 'standing', deadline, signal });
 * await executeProgramme({ programme, signedIntent, adapters: [router], ...parts });
 * ```
 */
export async function bundledProgramme(request: BundledRequest): Promise<Programme> {
  const groups = groupsOf(request);
  const used = new Map<string, number>();
  const lastOnChain = new Map<number, string>();
  const steps: Step[] = [];
  for (const group of groups) {
    const [step, waits] = await stepsOf(request, group, used, lastOnChain.get(group.chainId));
    const ends = [...step, ...waits];
    lastOnChain.set(group.chainId, step.at(-1)!.id);
    steps.push(...ends);
  }
  return deepFreeze({ intentId: request.intentId, slice: request.slice, steps });
}

/** In the order of the route, so that a hop finds what it waits for in a group before its own. */
function groupsOf({ firmQuotes, inventories, route }: BundledRequest): readonly Group[] {
  const quotes = [...firmQuotes];
  const held = new Map<string, bigint>();
  const add = (key: string, atoms: bigint): void => void held.set(key, (held.get(key) ?? 0n) + atoms);
  for (const { atoms, token } of inventories) add(tokenKey(token), atoms);
  const arrivals = new Map<string, string[]>();
  const groups: Group[] = [];
  const groupFor = (chainId: number, waitsFor: readonly string[]): Group => {
    const isFirst = waitsFor.length === 0;
    const found = groups.find((each) => each.chainId === chainId && (each.waitsFor.size === 0) === isFirst);
    if (found !== undefined) return found;
    const group: Group = { chainId, hops: [], waitsFor: new Set() };
    groups.push(group);
    return group;
  };
  route.hops.forEach((hop, index) => {
    const key = tokenKey(hop.tokenIn);
    const covered = (held.get(key) ?? 0n) >= hop.amountIn;
    if (covered) add(key, -hop.amountIn);
    const waitsFor = covered ? [] : (arrivals.get(key) ?? []);
    const group = groupFor(hop.chainId, waitsFor);
    waitsFor.forEach((id) => group.waitsFor.add(id));
    const quote = hop.kind === 'bridge' ? firmQuote(hop, index, quotes.shift()) : undefined;
    group.hops.push({ hop, index, quote });
    if (hop.kind === 'bridge') {
      arrivals.set(tokenKey(hop.tokenOut), [...(arrivals.get(tokenKey(hop.tokenOut)) ?? []), arrivalId(index)]);
    } else if (group.waitsFor.size === 0) add(tokenKey(hop.tokenOut), hop.minReceived);
  });
  return [
    ...groups.filter(({ waitsFor }) => waitsFor.size === 0),
    ...groups.filter(({ waitsFor }) => waitsFor.size > 0),
  ];
}

async function stepsOf(
  request: BundledRequest,
  group: Group,
  used: Map<string, number>,
  previous: string | undefined,
): Promise<readonly [readonly CallStep[], readonly Step[]]> {
  const { account, deadline, router } = request;
  const self = account.addressOn(group.chainId);
  const bundle: RouterBundle = {
    chainId: group.chainId,
    sender: self,
    recipient: self,
    deadline,
    hops: group.hops.map(({ hop, quote }): RouterHop =>
      hop.kind === 'swap' ? hop : { kind: 'deposit', quote: quote! },
    ),
  };
  const { draws, receives } = router.plan(bundle);
  const calls = router.buildBundle(bundle, await drawRight(request, bundle, used));
  const bridges = group.hops.filter(({ hop }) => hop.kind === 'bridge');
  const role = bridges.length > 0 ? 'bridge' : 'swap';
  const id = `chain-${group.chainId}-${group.waitsFor.size === 0 ? 'now' : 'later'}`;
  const after = [...group.waitsFor, ...(previous === undefined ? [] : [previous])];
  const base = {
    kind: 'calls',
    chainId: group.chainId,
    account: account.id,
    adapter: UNIVERSAL_ROUTER,
    attempt: 0,
  } as const;
  const whole = { ...base, role, spends: draws, receives, nativeFeeWei: 0n } as const;
  const approvals = account.capabilities.atomicBatch ? [] : calls.slice(0, -1);
  let before: readonly string[] = after;
  const steps: CallStep[] = approvals.map((call, index) => {
    const step: CallStep = {
      ...base,
      id: `${id}-approve-${index}`,
      after: before,
      role: 'approve',
      calls: [call],
      spends: [],
      receives: [],
      nativeFeeWei: 0n,
    };
    before = [step.id];
    return step;
  });
  const own = account.capabilities.atomicBatch ? calls : calls.slice(-1);
  steps.push({ ...whole, id, after: before, calls: own });
  const waits = bridges.map(({ index, quote }): Step => {
    const recipient = account.addressOn(quote!.output.token.chainId);
    return {
      kind: 'await-transfer',
      id: arrivalId(index),
      after: [id],
      bridge: UNIVERSAL_ROUTER,
      source: id,
      quote: quote!,
      recipient,
    };
  });
  return [steps, waits];
}

/** The account's own permit; nonces count on from bundle to bundle, as Permit2 will. */
async function drawRight(
  { account, allowance, router, signal }: BundledRequest,
  bundle: RouterBundle,
  used: Map<string, number>,
): Promise<DrawRight> {
  if (account.capabilities.atomicBatch) return { allowance };
  const fresh = await router.nonces(bundle, signal);
  const nonces = new Map<string, number>();
  for (const [token, nonce] of fresh) {
    const key = `${bundle.chainId}:${token}`;
    nonces.set(token, nonce + (used.get(key) ?? 0));
    used.set(key, (used.get(key) ?? 0) + 1);
  }
  const toSign = router.permitOf(bundle, nonces);
  if (toSign === undefined) return { allowance };
  const signature = await account.signTypedData(toSign.typedData, signal);
  return { signed: { permit: toSign.permit, signature }, allowance };
}

function firmQuote(hop: HedgeHop, index: number, quote: Quote | undefined): Quote {
  if (quote?.adapter === UNIVERSAL_ROUTER && quote.input.atoms === hop.amountIn) return quote;
  throw new RouterBundleInvalidError(
    'firmQuotes',
    quote?.input.atoms,
    `has none of the router for the ${hop.amountIn} atoms of hop ${index}`,
    'Ask the router for a quote of exactly this size.',
  );
}

function arrivalId(index: number): string {
  return `hop-${index}-arrival`;
}
