import type { Call } from '../model/call.js';
import { fromAtoms } from '../model/decimal.js';
import { type Address, type Hex, NATIVE_ADDRESS, sameAddress, type Token, type TokenAmount } from '../model/token.js';
import type { Chain, SimulatedCall, SimulatedResult, StateOverride } from '../ports/chain.js';
import { type AllowancePair, checkCalls, type GuardStep } from './check-calls.js';
import {
  GuardAllowanceLeftError,
  GuardCallRevertsError,
  GuardLimitExceededError,
  GuardNativeExceededError,
  GuardReceivesLessError,
  GuardStepSpendsMoreError,
  GuardUnreadableError,
} from './errors.js';
import { pretendFunds } from './pretend-funds.js';
import {
  decodeUint,
  encodeAllowance,
  encodeBalanceOf,
  encodePermit2Allowance,
  PERMIT2_ADDRESS,
} from './token-calls.js';

export interface GuardRequest {
  readonly chain: Chain;
  /** Who sends. */
  readonly account: Address;
  /** Where outputs have to arrive; default: the account. */
  readonly recipient?: Address;
  /** In the order in which they will be sent. */
  readonly steps: readonly GuardStep[];
  /** Contracts of the adapters in play on this chain. */
  readonly targets: readonly Address[];
  /** Tokens of this chain that the account may hold: each is measured, and none may fall that no step spends. */
  readonly tokens: readonly Token[];
  /** What the intent still lets the account spend; a token that is not named may not fall at all. */
  readonly maxSpend: readonly TokenAmount[];
  /** Funds that a bridge has yet to bring: pretended by state override. */
  readonly incoming?: readonly TokenAmount[];
  /** Further state to pretend, for tokens whose balances cannot be found. */
  readonly overrides?: Readonly<Record<Address, StateOverride>>;
  /** Default: its canonical address. */
  readonly permit2?: Address;
  /** What is approved is for an order that draws later: the allowances stay. Default: they end as they began. */
  readonly keepAllowances?: boolean;
}

/** By how much a balance changed in a step. */
export interface BalanceChange {
  readonly holder: Address;
  readonly token: Token;
  /** Signed. Without gas. */
  readonly atoms: bigint;
}

export interface GuardedStep {
  readonly id: string;
  /** Units of gas per call, as simulated. */
  readonly gasUsed: readonly bigint[];
  /** Only balances that changed. */
  readonly changes: readonly BalanceChange[];
}

/** What was simulated and checked, for display and for the decision log. */
export interface GuardReport {
  readonly chainId: number;
  readonly account: Address;
  readonly steps: readonly GuardedStep[];
  /** One sentence per check that passed. */
  readonly checks: readonly string[];
  /** One sentence per thing that a simulation on this chain cannot see. */
  readonly unchecked: readonly string[];
}

/** Returns the native balance of the address in its calldata: CALLDATALOAD(0) BALANCE, one word. */
const BALANCE_READER_CODE: Hex = '0x6000353160005260206000f3';
/** Nobody's: the low twenty bytes of keccak256("evenkeel.balance-reader"). Has code in simulations only. */
const BALANCE_READER: Address = '0xd65df85abaacda7173ad63dde19053d211c4d661';

/**
 * Decides whether a sequence of steps may be signed: decodes every approval, runs the whole sequence from the real
 * sender on the latest state, and measures what it does to the account by `balanceOf` before and after each step (not
 * by logs, which a contract can make up).
 *
 * @throws GUARD_WRONG_CHAIN, GUARD_TARGET_FOREIGN, GUARD_CALL_MALFORMED, GUARD_TOKEN_CALL_FOREIGN,
 * GUARD_RECIPIENT_FOREIGN, GUARD_SPENDER_FOREIGN, GUARD_APPROVAL_UNLIMITED, GUARD_APPROVAL_EXCESSIVE before anything is
 * simulated; GUARD_CALL_REVERTS, GUARD_STEP_SPENDS_MORE, GUARD_LIMIT_EXCEEDED, GUARD_RECEIVES_LESS,
 * GUARD_NATIVE_EXCEEDED, GUARD_ALLOWANCE_LEFT by what the simulation shows; GUARD_UNREADABLE and
 * GUARD_FUNDS_UNPRETENDABLE when it cannot show it. RPC_* errors of the chain pass through.
 *
 * @example
 * ```ts
 * const report = await guardCalls({ chain, account, steps, targets: venue.targets(chain.id), tokens, maxSpend })
 * for (const check of report.checks) console.log(check)
 * ```
 */
export async function guardCalls(request: GuardRequest, signal?: AbortSignal): Promise<GuardReport> {
  const { chain, account, steps } = request;
  const recipient = request.recipient ?? account;
  const permit2 = request.permit2 ?? PERMIT2_ADDRESS;
  const tokens = measuredTokens(request);
  const pairs = checkCalls(steps, {
    chainId: chain.id,
    account,
    recipient,
    targets: request.targets,
    tokens: tokens.map((token) => token.address),
    permit2,
  });

  const holders = sameAddress(account, recipient) ? [account] : [account, recipient];
  const balances = holders.flatMap((holder) => [...tokens, nativeOf(chain)].map((token) => ({ holder, token })));
  const balanceReads = balances.map(({ holder, token }) => readBalance(holder, token));
  const allowanceReads = pairs.map((pair) => readAllowance(account, permit2, pair));
  const calls = [
    ...allowanceReads,
    ...balanceReads,
    ...steps.flatMap((step) => [...step.calls.map(asSimulated), ...balanceReads]),
    ...allowanceReads,
  ];
  const given = request.overrides ?? {};
  // What the caller overrides, the caller has funded.
  const toPretend = (request.incoming ?? []).filter(
    ({ token }) => !Object.keys(given).some((address) => sameAddress(address, token.address)),
  );
  const overrides = {
    ...(await pretendFunds(chain, account, toPretend, signal)),
    ...given,
    [BALANCE_READER]: { code: BALANCE_READER_CODE },
  };
  const results = await chain.simulate({ from: account, calls, overrides }, signal);
  if (results.length !== calls.length) throw new GuardUnreadableError(chain.id, `${calls.length} simulated calls`);

  // Walks the results in the order in which the calls were laid out above.
  let cursor = 0;
  const take = (count: number): readonly SimulatedResult[] => results.slice(cursor, (cursor += count));
  const readUints = (names: readonly string[]): readonly bigint[] =>
    take(names.length).map((result, index) => uintOf(chain, result, names[index]!));
  const balanceNames = balances.map(({ token }) => `the balance of ${token.symbol}`);
  const allowanceNames = pairs.map(({ token, spender }) => `the allowance of ${spender} for ${token}`);

  const allowancesBefore = readUints(allowanceNames);
  let current = readUints(balanceNames);
  const opening = current;
  const guarded: GuardedStep[] = [];
  for (const step of steps) {
    const outcomes = take(step.calls.length);
    for (const [index, outcome] of outcomes.entries()) {
      if (!outcome.success) {
        throw new GuardCallRevertsError(step.id, index, step.calls[index]!, outcome.error ?? 'no reason given');
      }
    }
    const next = readUints(balanceNames);
    const changes = balances.map(({ holder, token }, index) =>
      Object.freeze({ holder, token, atoms: next[index]! - current[index]! }),
    );
    checkStep(step, changes, account, recipient);
    checkLimits(
      step.id,
      balances.map(({ holder, token }, index) => ({ holder, token, atoms: next[index]! - opening[index]! })),
      request,
      nativeFeesUpTo(steps, step),
    );
    guarded.push(
      Object.freeze({
        id: step.id,
        gasUsed: Object.freeze(outcomes.map((outcome) => outcome.gasUsed)),
        changes: Object.freeze(changes.filter((change) => change.atoms !== 0n)),
      }),
    );
    current = next;
  }
  const allowancesAfter = readUints(allowanceNames);
  for (const [index, pair] of request.keepAllowances === true ? [] : pairs.entries()) {
    const [before, after] = [allowancesBefore[index]!, allowancesAfter[index]!];
    if (after !== 0n && after !== before) throw new GuardAllowanceLeftError(pair.token, pair.spender, before, after);
  }
  return Object.freeze({
    chainId: chain.id,
    account,
    steps: Object.freeze(guarded),
    checks: Object.freeze(passedChecks(request, guarded, pairs)),
    unchecked: Object.freeze(uncheckedFacts(request)),
  });
}

function nativeOf(chain: Chain): Token {
  return { chainId: chain.id, address: NATIVE_ADDRESS, symbol: 'native coin', decimals: 18 };
}

/** Every ERC-20 that is named anywhere in the request, once. */
function measuredTokens(request: GuardRequest): readonly Token[] {
  const named = [
    ...request.tokens,
    ...request.maxSpend.map((limit) => limit.token),
    ...(request.incoming ?? []).map((amount) => amount.token),
    ...request.steps.flatMap((step) => [...step.spends, ...step.receives].map((amount) => amount.token)),
  ];
  const byAddress = new Map<string, Token>();
  for (const token of named) {
    if (token.chainId !== request.chain.id || sameAddress(token.address, NATIVE_ADDRESS)) continue;
    if (!byAddress.has(token.address.toLowerCase())) byAddress.set(token.address.toLowerCase(), token);
  }
  return [...byAddress.values()];
}

function asSimulated(call: Call): SimulatedCall {
  return { to: call.to, data: call.data, valueWei: call.valueWei };
}

function readBalance(holder: Address, token: Token): SimulatedCall {
  const native = sameAddress(token.address, NATIVE_ADDRESS);
  if (!native) return { to: token.address, data: encodeBalanceOf(holder), valueWei: 0n };
  return { to: BALANCE_READER, data: `0x${holder.slice(2).padStart(64, '0')}`, valueWei: 0n };
}

function readAllowance(owner: Address, permit2: Address, pair: AllowancePair): SimulatedCall {
  return pair.via === 'permit2'
    ? { to: permit2, data: encodePermit2Allowance(owner, pair.token, pair.spender), valueWei: 0n }
    : { to: pair.token, data: encodeAllowance(owner, pair.spender), valueWei: 0n };
}

function uintOf(chain: Chain, result: SimulatedResult, what: string): bigint {
  const value = result.success ? decodeUint(result.data) : undefined;
  if (value === undefined) throw new GuardUnreadableError(chain.id, what);
  return value;
}

function sumFor(amounts: readonly TokenAmount[], token: Token): bigint {
  return amounts
    .filter((amount) => amount.token.chainId === token.chainId && sameAddress(amount.token.address, token.address))
    .reduce((sum, amount) => sum + amount.atoms, 0n);
}

function nativeFeesUpTo(steps: readonly GuardStep[], last: GuardStep): bigint {
  return steps.slice(0, steps.indexOf(last) + 1).reduce((sum, step) => sum + step.nativeFeeWei, 0n);
}

/** One step against its own plan. */
function checkStep(step: GuardStep, changes: readonly BalanceChange[], account: Address, recipient: Address): void {
  const valueWei = step.calls.reduce((sum, call) => sum + call.valueWei, 0n);
  for (const { holder, token, atoms } of changes) {
    if (!sameAddress(holder, account)) continue;
    if (sameAddress(token.address, NATIVE_ADDRESS)) {
      const plannedWei = sumFor(step.spends, token) + step.nativeFeeWei;
      const spentWei = -atoms > valueWei ? -atoms : valueWei;
      if (spentWei > plannedWei) throw new GuardNativeExceededError(step.id, spentWei, plannedWei);
    } else if (-atoms > sumFor(step.spends, token)) {
      throw new GuardStepSpendsMoreError(step.id, token, -atoms, sumFor(step.spends, token));
    }
  }
  for (const { token } of step.receives) {
    const minimum = sumFor(step.receives, token);
    const change = changes.find(
      (each) => sameAddress(each.holder, recipient) && sameAddress(each.token.address, token.address),
    );
    // Native coin that is sent along and comes back in part counts by what arrived on top of what went out.
    const received = change?.atoms ?? 0n;
    if (received < minimum) throw new GuardReceivesLessError(step.id, token, received, minimum);
  }
}

/** The sequence so far against the intent: at no point may the account be down by more than is left of a limit. */
function checkLimits(
  stepId: string,
  sinceOpening: readonly BalanceChange[],
  request: GuardRequest,
  nativeFeesWei: bigint,
): void {
  for (const { holder, token, atoms } of sinceOpening) {
    if (!sameAddress(holder, request.account)) continue;
    const fees = sameAddress(token.address, NATIVE_ADDRESS) ? nativeFeesWei : 0n;
    const left = sumFor(request.maxSpend, token) + fees;
    if (-atoms > left) throw new GuardLimitExceededError(stepId, token, -atoms, left);
  }
}

function passedChecks(
  request: GuardRequest,
  guarded: readonly GuardedStep[],
  pairs: readonly AllowancePair[],
): string[] {
  const calls = request.steps.reduce((sum, step) => sum + step.calls.length, 0);
  const told = guarded.flatMap((step) =>
    step.changes.map(
      ({ token, atoms }) =>
        `${step.id}: ${atoms > 0n ? '+' : ''}${fromAtoms(token, atoms)} ${token.symbol}, as planned`,
    ),
  );
  const ends = request.keepAllowances === true ? 'stay for an order' : 'end as they began';
  return [
    `${calls} calls succeed on the latest block of ${request.chain.name}, sent by ${request.account}`,
    'every target is on the allow-list',
    ...told,
    ...(pairs.length === 0 ? [] : [`${pairs.length} allowances are exact and ${ends}`]),
    'no balance falls by more than the steps and the intent allow',
  ];
}

function uncheckedFacts(request: GuardRequest): string[] {
  const pretended = (request.incoming ?? []).map(
    ({ token, atoms }) => `${fromAtoms(token, atoms)} ${token.symbol} is pretended: a bridge has yet to bring it`,
  );
  const far = request.steps
    .filter((step) => step.spends.length > 0 && step.receives.length === 0)
    .map((step) => `${step.id}: what arrives on another chain is seen only when it arrives`);
  return [...pretended, ...far];
}
