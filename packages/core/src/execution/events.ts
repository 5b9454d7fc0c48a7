import type { Hex } from '@evenkeel/intents';
import type { GuardReport } from '../guard/guard-calls.js';
import type { BridgeStatus } from '../model/transfer.js';
import type { ProgrammeState } from '../ports/journal.js';

interface EventBase {
  readonly intentId: Hex;
  readonly slice: number;
  /** For people. */
  readonly sentence: string;
  /** True in a dry run: it would have happened. */
  readonly simulated: boolean;
}

interface StepEventBase extends EventBase {
  readonly step: string;
}

/** All that an execution tells while it runs. Never holds a raw transaction or a key. */
export type ExecutionEvent =
  | (EventBase & { readonly type: 'programme-started' | 'programme-resumed' })
  | (EventBase & { readonly type: 'programme-guarded'; readonly reports: readonly GuardReport[] })
  | (EventBase & { readonly type: 'programme-finished'; readonly state: ProgrammeState | 'simulated' })
  | (StepEventBase & { readonly type: 'step-guarded'; readonly report: GuardReport })
  | (StepEventBase & { readonly type: 'step-reserved'; readonly chainId: number; readonly nonce: bigint })
  | (StepEventBase & {
      readonly type: 'step-signed' | 'step-replaced' | 'step-cancelling' | 'step-sent';
      readonly chainId: number;
      readonly txHash: Hex;
    })
  | (StepEventBase & { readonly type: 'step-reorganised'; readonly chainId: number; readonly txHash: Hex })
  | (StepEventBase & {
      readonly type: 'step-done' | 'step-failed' | 'step-skipped' | 'step-cancelled';
      /** Stable reason code. */
      readonly code: string;
      readonly txHash?: Hex;
    })
  /** A node or a bridge does not answer; it is asked again. */
  | (StepEventBase & { readonly type: 'step-waiting'; readonly code: string })
  | (StepEventBase & { readonly type: 'transfer-status'; readonly status: BridgeStatus });

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** An event before the programme's own facts are added. */
export type ExecutionNews = DistributiveOmit<ExecutionEvent, 'intentId' | 'slice' | 'simulated'>;
