import type { Hex } from '@evenkeel/intents';
import { decodeTokenCall } from '../guard/token-calls.js';
import type { Call } from '../model/call.js';
import type { CallStep, Programme, StepRole } from '../model/programme.js';
import { sameAddress, type Token, type TokenAmount, tokenKey } from '../model/token.js';
import type { Account } from '../ports/account.js';
import type { TradeQuote } from '../ports/instrument.js';

/**
 * The most that a trade may take of each token: what the quote says and the tolerance, and never less than what its calls
 * let be taken. A loan approves what it has only just borrowed.
 */
export function spendsOf(
  { flows }: Pick<TradeQuote, 'flows'>,
  calls: readonly Call[],
  slippageBps: number,
): readonly TokenAmount[] {
  const most = new Map<string, TokenAmount>();
  const atLeast = (token: Token, atoms: bigint): void => {
    const known = most.get(tokenKey(token))?.atoms ?? 0n;
    if (atoms > known) most.set(tokenKey(token), Object.freeze({ token, atoms }));
  };
  for (const { atoms, token } of flows) {
    atLeast(token, (-atoms * BigInt(10_000 + slippageBps) + 9_999n) / 10_000n);
    atLeast(token, approvedOf(token, calls));
  }
  return Object.freeze([...most.values()]);
}

/** What calls let anybody take of a token, in sum. */
function approvedOf(token: Token, calls: readonly Call[]): bigint {
  return calls.reduce((sum, call) => {
    const decoded = decodeTokenCall(call.data);
    const isApproval = decoded.kind === 'approve' || decoded.kind === 'increase-allowance';
    return isApproval && sameAddress(call.to, token.address) ? sum + decoded.atoms : sum;
  }, 0n);
}

export interface InstrumentProgrammeInput {
  readonly intentId: Hex;
  readonly account: Account;
  readonly quote: TradeQuote;
  readonly calls: readonly Call[];
  readonly spends: readonly TokenAmount[];
  readonly slippageBps: number;
}

/**
 * The calls of a trade as steps: one for each call, one after another, or one for all where the account makes them atomic.
 * What it brings is demanded of a step only where one step makes the whole trade; else the venue's own bounds hold.
 */
export function instrumentProgramme(input: InstrumentProgrammeInput): Programme {
  const { account, calls, intentId, quote, slippageBps, spends } = input;
  const receives = quote.flows
    .filter(({ atoms }) => atoms > 0n)
    .map(({ atoms, token }) => ({ token, atoms: atoms - (atoms * BigInt(slippageBps)) / 10_000n }));
  const actions = calls.filter(({ purpose }) => purpose === 'action').length;
  const base = {
    kind: 'calls',
    chainId: quote.chainId,
    account: account.id,
    adapter: quote.adapter,
    nativeFeeWei: 0n,
    attempt: 0,
  } as const;
  if (account.capabilities.atomicBatch) {
    const whole: CallStep = { ...base, id: 'trade', after: [], role: 'swap', calls, spends, receives };
    return { intentId, slice: 0, steps: [whole] };
  }
  const counts = new Map<StepRole, number>();
  let before: readonly string[] = [];
  const steps = calls.map((call): CallStep => {
    const isAction = call.purpose === 'action';
    const role: StepRole = call.purpose === 'action' ? 'swap' : call.purpose;
    const count = (counts.get(role) ?? 0) + 1;
    counts.set(role, count);
    const name = isAction ? 'trade' : role;
    const step: CallStep = {
      ...base,
      id: count === 1 ? name : `${name}-${count}`,
      after: before,
      role,
      calls: [call],
      spends: isAction ? spends : [],
      receives: isAction && actions === 1 ? receives : [],
    };
    before = [step.id];
    return step;
  });
  return { intentId, slice: 0, steps };
}
