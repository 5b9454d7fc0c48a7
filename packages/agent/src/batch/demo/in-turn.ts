import type { Address } from '@evenkeel/core';
import type { WorldSnapshot } from '@evenkeel/devnet';
import type { Wallet } from 'ethers';
import { type ReadMarket, readMarket } from '../market.js';
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
}

/** The batch as one of those who come one after another. */
export interface TogetherInTurn {
  readonly spent: readonly Spent[];
  readonly settledGas: number;
  readonly solverGain: number;
}

/**
 * The batch beside those who trade by themselves after all: they go first, in turn, and the batch is cleared anew on the
 * market that they leave, again and again until everybody in it would stay. So whoever leaves has nobody of the batch before
 * it, and whoever stays pays no more than it did alone. On a chain where nothing is settled nothing differs from before.
 */
export async function togetherInTurn(
  setting: Setting,
  start: WorldSnapshot,
  { alone, batch, sign, solver }: Rounds,
): Promise<TogetherInTurn> {
  const { participants, tell, world } = setting;
  const members = new Set(batch.clearing.markets.flatMap(({ fills }) => fills.map(({ order }) => order.id)));
  const settledChains = new Set(batch.settlements.map(({ place }) => place.chain.id));
  const sums = new Sums(participants);
  let [settledGas, solverGain] = [0, 0];
  for (let round = 0; round < ROUNDS; round += 1) {
    tell(`The batch among the others, order of turns ${round + 1} of ${ROUNDS} …`);
    await onEachChain(setting, async (read, here) => {
      if (!settledChains.has(read.place.chain.id)) return;
      const turns = turnsOf(here, round);
      let own = turns;
      let left = new Set(turns.filter(({ order }) => !members.has(order.id)));
      for (;;) {
        for (const participant of left) sums.add(participant, await tradeAlone(setting, participant));
        own = own.filter((each) => !left.has(each));
        if (own.length === 0) return;
        const ready = await clearedHere(setting, read, own, alone, solver, sign);
        const out = new Set(ready.clearing.removed.map(({ orderId }) => orderId));
        left = new Set(own.filter(({ order }) => out.has(order.id)));
        if (left.size > 0) continue;
        const done = await settle(setting, ready, own, solver);
        settledGas += done.gas;
        solverGain += done.solverGain;
        for (const member of own) sums.add(member, { gas: 0, cost: done.costs.get(member.order.id)! });
        return;
      }
    });
    await world.revert(start);
  }
  return {
    spent: participants.map((participant, i) =>
      settledChains.has(participant.chainIds[0]!) ? sums.average(participant, ROUNDS) : alone[i]!,
    ),
    settledGas: settledGas / ROUNDS,
    solverGain: solverGain / ROUNDS,
  };
}

async function clearedHere(
  setting: Setting,
  { place }: ReadMarket,
  own: readonly Participant[],
  alone: readonly Spent[],
  solver: Wallet,
  sign: SignFill,
): Promise<ReadyBatch> {
  const { deadline, signal, world } = setting;
  const markets = [await readMarket(place, signal)];
  return prepareBatch({
    markets,
    orders: own.map(({ order }) => order),
    nowSeconds: await world.clockSeconds(),
    alone: 'in-turn',
    outsideCosts: outsideCosts({ ...setting, markets }, alone),
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
