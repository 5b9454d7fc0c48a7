import type { Address } from '@evenkeel/core';
import type { WorldSnapshot } from '@evenkeel/devnet';
import type { Wallet } from 'ethers';
import { type ReadMarket, readMarket, type WayKind } from '../market.js';
import { prepareBatch, type ReadyBatch, type SignFill } from '../settle-batch.js';
import { type Setting, type Spent, tradeAlone } from './alone.js';
import type { Participant } from './participants.js';
import { settle } from './settle.js';

/** Orders of turns: each begins so far into the list, and each is gone through both ways. */
const ROTATIONS = 4;
export const ROUNDS: number = 2 * ROTATIONS;

/** Who comes when on a chain, in a round: what is gone through forwards and what backwards are each other's mirror. */
function turnsOf(here: readonly Participant[], round: number): readonly Participant[] {
  const first = Math.floor((here.length * (round >> 1)) / ROTATIONS);
  const turns = [...here.slice(first), ...here.slice(0, first)];
  return round % 2 === 0 ? turns : turns.reverse();
}

/** Everybody alone in one market that nobody restores, one after another; the average over several orders of turns. */
export async function aloneInTurn(setting: Setting, start: WorldSnapshot): Promise<readonly Spent[]> {
  const { participants, tell, world } = setting;
  const sums = new Sums(participants);
  for (let round = 0; round < ROUNDS; round += 1) {
    tell(`One after another, order of turns ${round + 1} of ${ROUNDS} …`);
    await onEachChain(setting, async (_, here) => {
      for (const participant of turnsOf(here, round)) sums.add(participant, await tradeAlone(setting, participant));
    });
    await world.revert(start);
  }
  return participants.map((participant) => sums.average(participant, ROUNDS));
}

/** How a batch is cleared again in every order of turns. */
export interface Rounds {
  readonly alone: readonly Spent[];
  readonly batch: ReadyBatch;
  readonly solver: Wallet;
  readonly sign: SignFill;
  readonly way: WayKind;
}

/** The batch as one of those who come one after another. */
export interface TogetherInTurn {
  readonly spent: readonly Spent[];
  /** Ids of the orders that are settled together. */
  readonly settled: ReadonlySet<string>;
  readonly settledGas: number;
  readonly solverGain: number;
}

/** Numeraire: less is the rounding of a settlement. */
const SLACK = 1e-4;

/**
 * The batch among those who trade by themselves after all. It takes the place of its first member in the orders that are
 * gone through forwards, and that of the same member in their mirrors, so that it comes as often before as after the others
 * as its members did without it; in each it is cleared anew, on the market as it then stands. What each pays on average over
 * all orders decides: whoever pays more than alone leaves, and it is gone through again; where somebody outside of the batch
 * would pay for it, nothing is settled on that chain, and nothing differs from before.
 */
export async function togetherInTurn(
  setting: Setting,
  start: WorldSnapshot,
  { alone, batch, sign, solver, way }: Rounds,
): Promise<TogetherInTurn> {
  const { markets, participants, tell, world } = setting;
  const final = new Map<number, Outcome>();
  let lots = new Map(
    batch.settlements.map(({ markets: cleared, place }) => {
      const ids = cleared.flatMap((market) => market.cleared.fills.map(({ order }) => order.id));
      return [place.chain.id, new Set(ids)] as const;
    }),
  );
  while (lots.size > 0) {
    const outcomes = new Map([...lots].map(([id, lot]) => [id, new Outcome(lot, participants)]));
    for (let round = 0; round < ROUNDS; round += 1) {
      tell(`The batch among the others, order of turns ${round + 1} of ${ROUNDS} …`);
      await Promise.all(
        markets.map(async (read) => {
          const outcome = outcomes.get(read.place.chain.id);
          if (outcome !== undefined) await oneRound(setting, read, round, outcome, { solver, sign, way });
        }),
      );
      await world.revert(start);
    }
    const next = new Map<number, Set<string>>();
    for (const [id, outcome] of outcomes) {
      const worse = participants.filter(
        (each, i) => each.chainIds[0] === id && outcome.average(each).cost > alone[i]!.cost + SLACK,
      );
      if (worse.length === 0) final.set(id, outcome);
      const staying = [...outcome.lot].filter((orderId) => !worse.some(({ order }) => order.id === orderId));
      // One is no batch; and where all of the lot gain, somebody else has paid for it.
      if (worse.length > 0 && staying.length > 1 && staying.length < outcome.lot.size) next.set(id, new Set(staying));
    }
    lots = next;
  }
  const outcomeOf = ({ chainIds }: Participant): Outcome | undefined => final.get(chainIds[0]!);
  const all = [...final.values()];
  return {
    spent: participants.map((each, i) => outcomeOf(each)?.average(each) ?? alone[i]!),
    settled: new Set(all.flatMap(({ lot }) => [...lot])),
    settledGas: all.reduce((sum, { gas }) => sum + gas, 0) / ROUNDS,
    solverGain: all.reduce((sum, { solverGain }) => sum + solverGain, 0) / ROUNDS,
  };
}

/** What the orders of turns on one chain have come to so far, with so many settled together. */
class Outcome {
  readonly lot: ReadonlySet<string>;
  gas = 0;
  solverGain = 0;
  readonly #sums: Sums;

  constructor(lot: ReadonlySet<string>, participants: readonly Participant[]) {
    this.lot = lot;
    this.#sums = new Sums(participants);
  }

  add(participant: Participant, spent: Spent): void {
    this.#sums.add(participant, spent);
  }

  average(participant: Participant): Spent {
    return this.#sums.average(participant, ROUNDS);
  }
}

async function oneRound(
  setting: Setting,
  read: ReadMarket,
  round: number,
  outcome: Outcome,
  rounds: Pick<Rounds, 'sign' | 'solver' | 'way'>,
): Promise<void> {
  const here = setting.participants.filter(({ chainIds }) => chainIds[0] === read.place.chain.id);
  const turns = turnsOf(here, round);
  const own = turns.filter(({ order }) => outcome.lot.has(order.id));
  const leader = round % 2 === 0 ? own[0] : own.at(-1);
  for (const participant of turns) {
    if (!outcome.lot.has(participant.order.id)) {
      outcome.add(participant, await tradeAlone(setting, participant));
    } else if (participant === leader) {
      const ready = await clearedHere(setting, read, own, rounds);
      const done = await settle(setting, ready, own, rounds.solver);
      outcome.gas += done.gas;
      outcome.solverGain += done.solverGain;
      const left = new Set(ready.clearing.removed.map(({ orderId }) => orderId));
      for (const member of own) {
        const cost = done.costs.get(member.order.id)!;
        outcome.add(member, left.has(member.order.id) ? await tradeAlone(setting, member) : { gas: 0, cost });
      }
    }
  }
}

async function clearedHere(
  { deadline, signal, world }: Setting,
  { place }: ReadMarket,
  own: readonly Participant[],
  { sign, solver, way }: Pick<Rounds, 'sign' | 'solver' | 'way'>,
): Promise<ReadyBatch> {
  return prepareBatch({
    markets: [await readMarket(place, signal, way)],
    way,
    orders: own.map(({ order }) => order),
    nowSeconds: await world.clockSeconds(),
    alone: 'in-turn',
    validTo: deadline,
    sign,
    feeReceiver: solver.address as Address,
    signal,
  });
}

/** What was measured alone, as each market counts it: against its own mid. */
export function outsideCosts(
  { markets, participants, price }: Pick<Setting, 'markets' | 'participants' | 'price'>,
  alone: readonly Spent[],
): ReadonlyMap<string, number> {
  return new Map(
    participants.flatMap(({ chainIds, order }, i): readonly (readonly [string, number])[] => {
      const read = markets.find(({ place }) => place.chain.id === chainIds[0]);
      if (read === undefined) return [];
      const units = Number(order.baseAtoms) / 10 ** read.market.base.decimals;
      const sign = order.side === 'buy' ? 1 : -1;
      return [[order.id, alone[i]!.cost + sign * units * (price - Number(read.midPrice))]];
    }),
  );
}

/** What happens on one chain is nothing to another. */
async function onEachChain(
  { markets, participants }: Setting,
  go: (read: ReadMarket, here: readonly Participant[]) => Promise<void>,
): Promise<void> {
  await Promise.all(
    markets.map((read) =>
      go(
        read,
        participants.filter(({ chainIds }) => chainIds[0] === read.place.chain.id),
      ),
    ),
  );
}

class Sums {
  readonly #sums: Map<Participant, Spent>;

  constructor(participants: readonly Participant[]) {
    this.#sums = new Map(participants.map((participant) => [participant, { cost: 0, gas: 0 }]));
  }

  add(participant: Participant, { cost, gas }: Spent): void {
    const sum = this.#sums.get(participant)!;
    this.#sums.set(participant, { cost: sum.cost + cost, gas: sum.gas + gas });
  }

  average(participant: Participant, rounds: number): Spent {
    const { cost, gas } = this.#sums.get(participant)!;
    return { cost: cost / rounds, gas: gas / rounds };
  }
}
