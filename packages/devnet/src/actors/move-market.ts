import type { World } from '../world.js';
import type { Actors, PathPoint } from './actors.js';

/** Perp lets a block move its pool by a tenth only; the arbitrageur goes on in its next pass. */
const MOST_PASSES = 4;
const SECONDS_BETWEEN_PASSES = 60;

type Movers = Pick<Actors, 'arbitrageur' | 'events' | 'feedKeeper' | 'orderMaker'>;

/**
 * Takes all chains to a time and the whole market to a price: the feed keeper tells every feed, the arbitrageur brings every
 * pool and perpetual, until nobody has anything left to do, and the order maker quotes around it.
 */
export async function moveMarket(world: World, movers: Movers, { price, seconds }: PathPoint): Promise<void> {
  const { arbitrageur, events, feedKeeper, orderMaker } = movers;
  const now = await world.clockSeconds();
  if (seconds > now) await world.advance(seconds - now);
  arbitrageur.setPrice(price);
  await feedKeeper.tick();
  for (let pass = 0; pass < MOST_PASSES; pass += 1) {
    const before = events().length;
    await arbitrageur.tick();
    await world.advance(SECONDS_BETWEEN_PASSES);
    if (
      !events()
        .slice(before)
        .some((event) => event.kind === 'arbitraged' && event.venue === 'perp-v2')
    )
      break;
  }
  await orderMaker.tick();
}
