import type { Hex } from '@evenkeel/intents';
import type { Call } from '../model/call.js';
import type { CallStep, Programme, Step, StepRole } from '../model/programme.js';
import type { Quote } from '../model/quote.js';
import { NATIVE_ADDRESS, sameAddress, type TokenAmount, tokenKey } from '../model/token.js';
import type { Account } from '../ports/account.js';
import type { BridgeAdapter } from '../ports/bridge.js';
import type { VenueAdapter } from '../ports/venue.js';
import type { HedgeHop, HedgeRoute, HedgeSwap, HedgeTransfer } from '../route/hedge.js';
import { ExecutionPartMissingError, ProgrammeInvalidError } from './errors.js';

export interface PlanRequest {
  readonly intentId: Hex;
  readonly slice: number;
  readonly route: Pick<HedgeRoute, 'hops'>;
  /** What the account holds now; a hop that these cover waits for no arrival. */
  readonly inventories: readonly TokenAmount[];
  /** Firm quotes of the route's transfers, in the order of its hops. */
  readonly firmQuotes: readonly Quote[];
  /** Firm quotes of swaps with venues that have no curve, by the index of their hop. */
  readonly swapQuotes?: ReadonlyMap<number, Quote>;
  readonly account: Account;
  readonly venues: readonly VenueAdapter[];
  readonly bridges: readonly BridgeAdapter[];
  /** Unix seconds, enforced on chain. */
  readonly deadline: number;
}

/** What a hop became: the steps that have to be over before its output can be used, and before its chain goes on. */
interface PlannedHop {
  readonly steps: readonly Step[];
  /** Delivers the output. */
  readonly delivers: string;
  readonly arrivesOn: string;
}

/**
 * Turns a route into steps: approvals, swaps and deposits in the adapters' own words, transfers awaited, what must come
 * first named in `after`. A hop that lives on what another one brings waits for it; all others run side by side, so that
 * one chain never waits for another without need. Figures in `spends` and `receives` are the route's, not the adapters'.
 *
 * @throws {ExecutionPartMissingError} for an adapter that is not given
 * @throws {ProgrammeInvalidError} when a transfer has no firm quote, or one of another size
 */
export function planProgramme(request: PlanRequest): Programme {
  const steps: Step[] = [];
  const planned: PlannedHop[] = [];
  const lastOnChain = new Map<number, string>();
  const quotes = [...request.firmQuotes];
  for (const { hop, index, waits, quote } of inOrder(request, quotes)) {
    const feeders = waits
      ? planned.filter(({ arrivesOn }) => arrivesOn === tokenKey(hop.tokenIn)).map((each) => each.delivers)
      : [];
    const previous = lastOnChain.get(hop.chainId);
    const after = previous === undefined ? feeders : [...new Set([...feeders, previous])];
    const next =
      hop.kind === 'swap'
        ? planSwap(request, hop, index, after)
        : planTransfer(request, hop, index, after, firmQuote(hop, quote));
    steps.push(...next.steps);
    planned.push(next);
    lastOnChain.set(hop.chainId, next.steps.filter((step) => step.kind === 'calls').at(-1)!.id);
  }
  return Object.freeze({ intentId: request.intentId, slice: request.slice, steps: Object.freeze(steps) });
}

interface OrderedHop {
  readonly hop: HedgeHop;
  readonly index: number;
  /** Lives on the output of another hop. */
  readonly waits: boolean;
  readonly quote: Quote | undefined;
}

/** What the inventory covers goes first, so that no chain stands idle while a transfer is under way. */
function inOrder({ inventories, route }: PlanRequest, quotes: Quote[]): readonly OrderedHop[] {
  const held = new Map<string, bigint>();
  for (const { atoms, token } of inventories) held.set(tokenKey(token), (held.get(tokenKey(token)) ?? 0n) + atoms);
  const hops = route.hops.map((hop, index) => {
    const key = tokenKey(hop.tokenIn);
    const left = (held.get(key) ?? 0n) - hop.amountIn;
    if (left >= 0n) held.set(key, left);
    return { hop, index, waits: left < 0n, quote: hop.kind === 'bridge' ? quotes.shift() : undefined };
  });
  return [...hops.filter(({ waits }) => !waits), ...hops.filter(({ waits }) => waits)];
}

function planSwap(request: PlanRequest, hop: HedgeSwap, index: number, after: readonly string[]): PlannedHop {
  const venue = request.venues.find(({ id }) => id === hop.adapter);
  if (venue === undefined) throw new ExecutionPartMissingError('adapters', hop.adapter);
  const self = request.account.addressOn(hop.chainId);
  const quote = swapQuote(request, hop, index);
  const both = { sender: self, recipient: self, deadline: request.deadline };
  const calls = venue.build(
    quote === undefined
      ? {
          kind: 'swap',
          pool: hop.pool,
          tokenIn: hop.tokenIn,
          tokenOut: hop.tokenOut,
          amountIn: hop.amountIn,
          minReceived: hop.minReceived,
          ...both,
        }
      : { kind: 'quote', quote, ...both },
  );
  const receives = [{ token: hop.tokenOut, atoms: quote?.minReceived ?? hop.minReceived }];
  const steps = callSteps(request, hop, index, after, calls, 'swap', receives, 0n);
  return { steps, delivers: actionId(index, 'swap'), arrivesOn: tokenKey(hop.tokenOut) };
}

function planTransfer(
  request: PlanRequest,
  hop: HedgeTransfer,
  index: number,
  after: readonly string[],
  quote: Quote,
): PlannedHop {
  const bridge = request.bridges.find(({ id }) => id === hop.adapter);
  if (bridge === undefined) throw new ExecutionPartMissingError('adapters', hop.adapter);
  const recipient = request.account.addressOn(hop.toChainId);
  const sender = request.account.addressOn(hop.chainId);
  const calls = bridge.build({ kind: 'quote', quote, sender, recipient, deadline: request.deadline });
  const steps = callSteps(request, hop, index, after, calls, 'bridge', [], nativeFeeWei(quote));
  const source = actionId(index, 'bridge');
  const wait: Step = {
    kind: 'await-transfer',
    id: `hop-${index}-arrival`,
    after: [source],
    bridge: bridge.id,
    source,
    quote,
    recipient,
  };
  return { steps: [...steps, wait], delivers: wait.id, arrivesOn: tokenKey(hop.tokenOut) };
}

function swapQuote({ swapQuotes }: PlanRequest, hop: HedgeSwap, index: number): Quote | undefined {
  const quote = swapQuotes?.get(index);
  if (quote === undefined) return undefined;
  if (quote.adapter === hop.adapter && quote.input.atoms === hop.amountIn) return quote;
  throw new ProgrammeInvalidError(
    'swapQuotes',
    quote.input.atoms,
    `the firm quote of hop ${index} is not ${hop.adapter}'s for ${hop.amountIn} atoms of ${hop.tokenIn.symbol}`,
    'Ask the venue for the exact amount of the route.',
  );
}

function firmQuote(hop: HedgeTransfer, quote: Quote | undefined): Quote {
  if (quote === undefined || quote.adapter !== hop.adapter || quote.input.atoms !== hop.amountIn) {
    throw new ProgrammeInvalidError(
      'firmQuotes',
      quote?.input.atoms,
      `there is no firm quote of ${hop.adapter} for ${hop.amountIn} atoms of ${hop.tokenIn.symbol}`,
      'Ask the bridge for the exact amounts of the route.',
    );
  }
  return quote;
}

/** Native coin that the quote wants on top: message fees. */
export function nativeFeeWei(quote: Quote): bigint {
  return quote.fees
    .filter(({ amount, included }) => !included && sameAddress(amount.token.address, NATIVE_ADDRESS))
    .reduce((sum, { amount }) => sum + amount.atoms, 0n);
}

function actionId(index: number, role: StepRole): string {
  return `hop-${index}-${role}`;
}

/** One step for each call, or one for all where the account makes them atomic. */
function callSteps(
  request: PlanRequest,
  hop: HedgeHop,
  index: number,
  after: readonly string[],
  calls: readonly Call[],
  role: 'swap' | 'bridge',
  receives: readonly TokenAmount[],
  feeWei: bigint,
): readonly CallStep[] {
  const spends = [{ token: hop.tokenIn, atoms: hop.amountIn }];
  const base = {
    kind: 'calls',
    chainId: hop.chainId,
    account: request.account.id,
    adapter: hop.adapter,
    attempt: 0,
  } as const;
  if (request.account.capabilities.atomicBatch) {
    return [{ ...base, id: actionId(index, role), after, role, calls, spends, receives, nativeFeeWei: feeWei }];
  }
  let previous = after;
  const counts = new Map<StepRole, number>();
  return calls.map((call) => {
    const own: StepRole = call.purpose === 'action' ? role : call.purpose;
    const count = counts.get(own) ?? 0;
    counts.set(own, count + 1);
    const id = count === 0 ? actionId(index, own) : `${actionId(index, own)}-${count + 1}`;
    const moves = call.purpose === 'action';
    const step: CallStep = {
      ...base,
      id,
      after: previous,
      role: own,
      calls: [call],
      spends: moves ? spends : [],
      receives: moves ? receives : [],
      nativeFeeWei: moves ? feeWei : 0n,
    };
    previous = [id];
    return step;
  });
}
