import type { BuiltChain } from '../build/build-chains.js';
import type { World } from '../world.js';
import { createAcrossDataworker } from './across-dataworker.js';
import { createAcrossRelayer } from './across-relayer.js';
import type { ActorEvent, ActorName, Actors, ActorsOptions, PathPoint } from './actors.js';
import { createArbitrageur } from './arbitrageur.js';
import { createCowSolver } from './cow-solver.js';
import { createFeedKeeper } from './feed-keeper.js';
import { createHyperlane } from './hyperlane.js';
import { createLoop } from './loop.js';
import type { Loop } from './loop.js';
import { moveMarket } from './move-market.js';
import { createOrderMaker } from './order-maker.js';
import { createOutsidePrice } from './outside-price.js';
import { createUniswapXFiller } from './uniswapx-filler.js';

const POLL_MS = 100;
/** Not those who follow the outside price: prices that somebody moved on purpose must stay unless somebody asks for them. */
const UNASKED: readonly ActorName[] = ['acrossRelayer', 'acrossDataworker', 'hyperlane', 'uniswapXFiller', 'cowSolver'];
const FOLLOW_THE_PRICE: readonly ActorName[] = ['arbitrageur', 'feedKeeper', 'orderMaker'];

/** Actors, with what the world needs to take them back in time with it. */
export interface RunningActors {
  readonly actors: Actors;
  /** Waits until nobody acts, and lets nobody act. */
  suspend(): Promise<void>;
  /** Lets them act again, on a history that they read anew from these blocks. */
  resumeFrom(blocks: readonly number[]): void;
}

/** @param fromBlocks first block of each chain in which something may have happened that concerns an actor */
export function startActors(
  world: World,
  built: readonly BuiltChain[],
  fromBlocks: readonly number[],
  options: ActorsOptions,
): RunningActors {
  const { arbitrageur: arbitrage, onEvent, only = UNASKED, pollMs = POLL_MS } = options;
  const actsByItself = (name: ActorName): boolean =>
    FOLLOW_THE_PRICE.includes(name) ? (arbitrage ?? only.includes(name)) : only.includes(name);
  const log: ActorEvent[] = [];
  const emit = (event: ActorEvent): void => {
    log.push(Object.freeze(event));
    try {
      onEvent?.(event);
    } catch {
      // A listener's trouble is its own: the actors must not stop for it.
    }
  };
  const relayer = createAcrossRelayer(world, fromBlocks, options.acrossRelayer ?? {}, emit);
  const dataworker = createAcrossDataworker(world, built, fromBlocks, emit);
  const hyperlane = createHyperlane(world, fromBlocks, emit);
  const outside = createOutsidePrice();
  const arbitrageur = createArbitrageur(world, outside, emit);
  const feedKeeper = createFeedKeeper(world, outside, emit);
  const filler = createUniswapXFiller(world, outside, options.uniswapXFiller ?? {}, emit);
  const solver = createCowSolver(world, options.cowSolver ?? {}, emit);
  const orderMaker = createOrderMaker(world, outside, emit);
  const loop = (name: ActorName, pass: () => Promise<void>): Loop => {
    const onError = (error: unknown): void =>
      emit({ kind: 'actor-error', actor: name, message: error instanceof Error ? error.message : String(error) });
    const created = createLoop({ name, pass, pollMs, onError });
    if (!actsByItself(name)) created.pause();
    return created;
  };
  const loops = {
    acrossRelayer: loop('acrossRelayer', relayer.pass),
    acrossDataworker: loop('acrossDataworker', dataworker.pass),
    hyperlane: loop('hyperlane', hyperlane.pass),
    arbitrageur: loop('arbitrageur', arbitrageur.pass),
    feedKeeper: loop('feedKeeper', feedKeeper.pass),
    uniswapXFiller: loop('uniswapXFiller', filler.pass),
    cowSolver: loop('cowSolver', solver.pass),
    orderMaker: loop('orderMaker', orderMaker.pass),
  };
  const all = Object.values(loops);
  const actors: Actors = Object.freeze({
    acrossRelayer: Object.freeze({ ...loops.acrossRelayer, name: 'acrossRelayer' as const, behave: relayer.behave }),
    acrossDataworker: Object.freeze(loops.acrossDataworker),
    hyperlane: Object.freeze({
      ...loops.hyperlane,
      name: 'hyperlane' as const,
      setDelaySeconds: hyperlane.setDelaySeconds,
    }),
    arbitrageur: Object.freeze({
      ...loops.arbitrageur,
      name: 'arbitrageur' as const,
      setPrice: outside.set,
      setShare: arbitrageur.setShare,
    }),
    feedKeeper: Object.freeze(loops.feedKeeper),
    uniswapXFiller: Object.freeze({
      ...loops.uniswapXFiller,
      name: 'uniswapXFiller' as const,
      behave: filler.behave,
      quote: filler.quote,
      take: filler.take,
    }),
    cowSolver: Object.freeze({
      ...loops.cowSolver,
      name: 'cowSolver' as const,
      behave: solver.behave,
      quote: solver.quote,
      add: solver.add,
      drop: solver.drop,
    }),
    orderMaker: Object.freeze({ ...loops.orderMaker, name: 'orderMaker' as const, orders: orderMaker.orders }),
    events: () => Object.freeze([...log]),
    moveTo: (point: PathPoint) => moveMarket(world, actors, point),
    stop: async () => {
      await Promise.all(all.map((one) => one.stop()));
    },
  });
  return {
    actors,
    suspend: async () => {
      await Promise.all(all.map((one) => one.hold()));
    },
    resumeFrom(blocks) {
      for (const core of [relayer, dataworker, hyperlane]) core.rewind(blocks);
      for (const core of [arbitrageur, filler, solver]) core.rewind();
      for (const one of all) one.release();
    },
  };
}
