import type { Hex, Journal } from '@evenkeel/core';
import type { RebalanceOptions, Rebalancing, Resumption } from '@evenkeel/core/rebalancer';
import type { OpenBook } from '@evenkeel/core/workflow';
import type { AgentEvents } from '../events.js';
import type { Keeper } from '../keeping/keeper.js';
import { portfolioJournal } from '../keeping/portfolio-journal.js';
import { tellAll } from '../keeping/tell.js';
import type { SharedDesk } from '../limits/shared-desk.js';

export interface SharedBookParts {
  /** Takes the name in hand: whoever had it before writes no more. */
  readonly claim: (name: string) => Promise<Journal>;
  readonly desk: Pick<SharedDesk, 'keep' | 'release' | 'takeOver'>;
  readonly events: AgentEvents;
  /** Sets aside what a trade may use. @returns the reservation's id */
  readonly reserve: (keeper: Keeper, ...asked: Parameters<NonNullable<RebalanceOptions['permit']>>) => Promise<number>;
  /** What a reservation was for has come to its end. */
  readonly account: (keeper: Keeper, reserved: number, result: Rebalancing) => void;
  readonly conclude: (keeper: Keeper, result: Rebalancing) => void;
  readonly tellLeft: (keeper: Keeper, left: readonly Resumption[]) => void;
}

/** A journal for work on a portfolio that other agents may have in hand. */
export async function claimedJournal({ owner, portfolio }: Keeper, claim: SharedBookParts['claim']): Promise<Journal> {
  const { underlying } = portfolio;
  return portfolioJournal(await claim(`${owner.toLowerCase()}/${underlying}`), { owner, underlying });
}

/**
 * A portfolio for one turn of a run, with the limits of all agents and the events of the one that carries the turn out. What
 * was signed stays used until a turn has seen all of the trade: another agent may bring it to its end.
 */
export async function sharedBook(keeper: Keeper, parts: SharedBookParts): Promise<OpenBook> {
  const { account, claim, conclude, desk, events, reserve, tellLeft } = parts;
  let reserved: number | undefined;
  let intentId: Hex | undefined;
  let stopTelling = (): void => undefined;
  const journal = await claimedJournal(keeper, claim);
  await desk.takeOver(keeper.name);
  return {
    portfolio: keeper.portfolio,
    ports: { ...keeper.ports, journal },
    watch: (rebalancer) => {
      stopTelling = tellAll(rebalancer, keeper.name, events, (id) => (intentId = id));
    },
    permit: async (decision, survey) => {
      reserved = await reserve(keeper, decision, survey);
    },
    over: ({ left, result }) => {
      stopTelling();
      if (reserved !== undefined && result !== undefined) account(keeper, reserved, result);
      else if (reserved !== undefined && intentId !== undefined) desk.keep(reserved);
      else if (reserved !== undefined) desk.release(reserved);
      tellLeft(keeper, left);
      if (result !== undefined) conclude(keeper, result);
    },
  };
}
