import type { SignedIntent } from '@evenkeel/intents';
import { EventEmitter } from 'eventemitter3';
import type { ExecutionEvent } from '../execution/events.js';
import type { Decision } from '../policy/decision.js';
import type { Logger } from '../ports/ambient.js';
import type { ExecutionReport } from '../report/execution-report.js';
import type { HedgeRoute } from '../route/hedge.js';
import type { Schedule } from '../schedule/schedule.js';
import type { SliceAward } from './networks-port.js';
import type { Survey } from './survey.js';

/** What a rebalancer tells, station by station. */
export interface RebalancerEvents {
  surveyed: (survey: Survey) => void;
  decided: (decision: Decision) => void;
  signed: (signed: SignedIntent) => void;
  scheduled: (schedule: Schedule) => void;
  /** A slice waits for its time. */
  waiting: (news: { readonly slice: number; readonly untilSeconds: number }) => void;
  routed: (news: {
    readonly slice: number;
    readonly survey: Survey;
    readonly route: HedgeRoute;
    readonly award: SliceAward;
  }) => void;
  /** What becomes of the order of a slice that was given to an outside network. */
  delegated: (news: { readonly slice: number; readonly sentence: string }) => void;
  /** The market moved away from a slice before it was in: it is quoted or planned anew, once a trade. */
  replanned: (news: { readonly slice: number; readonly code: string; readonly sentence: string }) => void;
  execution: (event: ExecutionEvent) => void;
  reported: (report: ExecutionReport) => void;
}

export interface EventHub {
  readonly on: <E extends keyof RebalancerEvents>(event: E, listener: RebalancerEvents[E]) => void;
  readonly off: <E extends keyof RebalancerEvents>(event: E, listener: RebalancerEvents[E]) => void;
  readonly emit: <E extends keyof RebalancerEvents>(event: E, ...args: Parameters<RebalancerEvents[E]>) => void;
}

/** An emitter whose listeners cannot hurt one another: what one throws is logged, and the next one is called. */
export function eventHub(logger: Logger | undefined): EventHub {
  const emitter = new EventEmitter<RebalancerEvents>();
  return Object.freeze({
    on: (event, listener) => void emitter.on(event, listener as never),
    off: (event, listener) => void emitter.off(event, listener as never),
    emit: (event, ...args) => {
      for (const listener of emitter.listeners(event) as ((...each: unknown[]) => void)[]) {
        try {
          listener(...args);
        } catch (error) {
          const name = error instanceof Error ? error.name : 'unknown';
          logger?.log('warn', `A listener of "${event}" threw.`, { error: name });
        }
      }
    },
  } satisfies EventHub);
}
