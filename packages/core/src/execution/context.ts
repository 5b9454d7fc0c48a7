import { EvenkeelError, type SignedIntent } from '@evenkeel/intents';
import type { CallStep, Programme } from '../model/programme.js';
import { type Address, sameAddress, type Token } from '../model/token.js';
import type { Account } from '../ports/account.js';
import type { Clock, Logger } from '../ports/ambient.js';
import type { BridgeAdapter } from '../ports/bridge.js';
import type { Chain, StateOverride } from '../ports/chain.js';
import type { Journal, NonceLane, StepKey } from '../ports/journal.js';
import type { VenueAdapter } from '../ports/venue.js';
import { ExecutionPartMissingError } from './errors.js';
import type { ExecutionEvent, ExecutionNews } from './events.js';

/** How patient and how generous an execution is. All times in milliseconds. */
export interface ExecutionOptions {
  /** Goes the same way, signs and sends nothing, marks everything simulated. Default: false. */
  readonly dryRun?: boolean;
  /** Blocks that have to hold a transaction, its own included, before it counts; per chain id. Default: 1. */
  readonly confirmations?: Readonly<Record<number, number>>;
  /** Between two looks at a chain. Default: 1,000. */
  readonly pollMs?: number;
  /** Between two looks at a bridge. Default: 3,000. */
  readonly transferPollMs?: number;
  /** An unmined transaction is sent again, as it is stored, after this. Default: 15,000. */
  readonly rebroadcastMs?: number;
  /** An unmined transaction is replaced at a higher price after this. Default: 60,000. */
  readonly replaceAfterMs?: number;
  /** By how much at least; nodes want 1,000. Default: 1,250. */
  readonly replaceBumpBps?: number;
  /** Never bid more than this for a unit of gas, per chain id. Default: no bound. */
  readonly maxFeePerGasWei?: Readonly<Record<number, bigint>>;
  /** Gas limit above what the simulation used. Default: 6,000. */
  readonly gasMarginBps?: number;
  /** A nonce that the chain has used for something unknown is given up after this. Default: 60,000. */
  readonly lostAfterMs?: number;
  /** Without any progress on one step for so long, the execution stops and can be resumed. Default: 1,800,000. */
  readonly giveUpAfterMs?: number;
  /**
   * A programme ends without a transfer that is late, and whoever asked for it has to see to it that the transfer is
   * tracked on ({@link followTransfers}). Default: false, it is waited for.
   */
  readonly letGoOfLate?: boolean;
}

/** What an execution works with; the same for a start, a resumption and a recovery. */
export interface ExecutionParts {
  readonly accounts: readonly Account[];
  readonly chains: readonly Chain[];
  /** Every venue and bridge that a step names. */
  readonly adapters: readonly (VenueAdapter | BridgeAdapter)[];
  /** The portfolio's tokens on all chains: what is measured, and whose logs are believed. */
  readonly tokens: readonly Token[];
  readonly journal: Journal;
  readonly clock: Clock;
  readonly logger?: Logger;
  /** Told all that happens. One that throws harms nobody. */
  readonly onEvent?: (event: ExecutionEvent) => void;
  readonly options?: ExecutionOptions;
  /** State to pretend in simulations per chain id, for tokens whose balances cannot be found. */
  readonly overrides?: Readonly<Record<number, Readonly<Record<Address, StateOverride>>>>;
  readonly signal?: AbortSignal;
}

/** An execution under way. */
export interface Execution {
  readonly parts: ExecutionParts;
  readonly options: Required<Omit<ExecutionOptions, 'confirmations' | 'maxFeePerGasWei'>> &
    Pick<ExecutionOptions, 'confirmations' | 'maxFeePerGasWei'>;
  readonly signed: SignedIntent;
  readonly programme: Programme;
  /** Aborts with the caller's signal, and when another step has failed in a way that ends the execution. */
  readonly signal: AbortSignal;
  tell(news: ExecutionNews): Promise<void>;
}

export function execution(
  parts: ExecutionParts,
  signed: SignedIntent,
  programme: Programme,
  signal: AbortSignal,
): Execution {
  const options = { ...DEFAULTS, ...parts.options };
  const facts = { intentId: programme.intentId, slice: programme.slice, simulated: options.dryRun };
  const tell = async (news: ExecutionNews): Promise<void> => {
    const event: ExecutionEvent = Object.freeze({ ...news, ...facts });
    const step = 'step' in event ? { step: event.step } : {};
    const code = 'code' in event ? event.code : event.type.replaceAll('-', '_').toUpperCase();
    const txHash = 'txHash' in event ? { txHash: event.txHash } : {};
    await parts.journal.appendDecision({
      atMs: parts.clock.now(),
      ...facts,
      ...step,
      code,
      sentence: event.sentence,
      details: txHash,
    });
    parts.logger?.log(isBad(event) ? 'warn' : 'info', event.sentence, { ...facts, ...step, ...txHash, code });
    try {
      parts.onEvent?.(event);
    } catch (error) {
      parts.logger?.log('warn', 'A listener of execution events threw.', { error: codeOf(error) });
    }
  };
  return Object.freeze({ parts, options: Object.freeze(options), signed, programme, signal, tell });
}

const DEFAULTS = {
  dryRun: false,
  pollMs: 1_000,
  transferPollMs: 3_000,
  rebroadcastMs: 15_000,
  replaceAfterMs: 60_000,
  replaceBumpBps: 1_250,
  gasMarginBps: 6_000,
  lostAfterMs: 60_000,
  giveUpAfterMs: 1_800_000,
  letGoOfLate: false,
} as const;

function isBad(event: ExecutionEvent): boolean {
  return event.type === 'step-failed' || event.type === 'step-waiting' || event.type === 'step-reorganised';
}

/** What may be said of any error without repeating what a stranger put into its message. */
export function codeOf(error: unknown): string {
  return error instanceof EvenkeelError ? error.code : error instanceof Error ? error.name : 'UNKNOWN';
}

export function chainOf(parts: Pick<ExecutionParts, 'chains'>, chainId: number): Chain {
  const chain = parts.chains.find((each) => each.id === chainId);
  if (chain === undefined) throw new ExecutionPartMissingError('chains', chainId);
  return chain;
}

export function accountOf(parts: Pick<ExecutionParts, 'accounts'>, id: string): Account {
  const account = parts.accounts.find((each) => each.id === id);
  if (account === undefined) throw new ExecutionPartMissingError('accounts', id);
  return account;
}

export function bridgeOf(parts: Pick<ExecutionParts, 'adapters'>, id: string): BridgeAdapter {
  const bridge = parts.adapters.find((each) => each.kind === 'bridge' && each.id === id);
  if (bridge?.kind !== 'bridge') throw new ExecutionPartMissingError('adapters', id);
  return bridge;
}

/** What adapters that are named by steps may call on a chain. */
export function targetsOf(parts: ExecutionParts, steps: readonly CallStep[], chainId: number): readonly Address[] {
  return [...new Set(steps.map((step) => step.adapter))].flatMap((id) => {
    const adapter = parts.adapters.find((each) => each.id === id);
    if (adapter === undefined) throw new ExecutionPartMissingError('adapters', id);
    return adapter.targets(chainId);
  });
}

/** A token by its address; one that the portfolio does not list still has to be measured, so it gets a bare name. */
export function tokenOf(parts: Pick<ExecutionParts, 'tokens'>, chainId: number, address: string): Token {
  const known = parts.tokens.find((token) => token.chainId === chainId && sameAddress(token.address, address));
  return known ?? { chainId, address: address as Address, symbol: address, decimals: 0 };
}

/** All nonces are of key 0 until an account asks for more lanes than one. */
export function laneOf(account: Account, chainId: number): NonceLane {
  return { chainId, account: account.addressOn(chainId), nonceKey: 0n };
}

export function stepKey({ programme }: Pick<Execution, 'programme'>, step: string, attempt: number): StepKey {
  return { intentId: programme.intentId, slice: programme.slice, step, attempt };
}

export function isExpired({ parts, signed }: Pick<Execution, 'parts' | 'signed'>): boolean {
  return Math.floor(parts.clock.now() / 1000) > signed.intent.deadline;
}

/** Why nothing new may be sent any more; undefined while it may. */
export async function stopReason(run: Execution): Promise<'PROGRAMME_CANCELLED' | 'INTENT_EXPIRED' | undefined> {
  if (await run.parts.journal.isCancelRequested(run.programme)) return 'PROGRAMME_CANCELLED';
  return isExpired(run) ? 'INTENT_EXPIRED' : undefined;
}
