import type { Actors, World } from '@evenkeel/devnet';

/** Perp lets a block move its pool by a tenth only; the arbitrageur goes on in its next pass. */
const MOST_PASSES = 4;
const SECONDS_BETWEEN_PASSES = 60;

/**
 * Takes all chains to a time and the whole market to a price: the feed keeper tells every feed, the arbitrageur brings every
 * pool, until nobody has anything left to do.
 */
export async function moveMarket(world: World, actors: Actors, toSeconds: number, spot: number): Promise<void> {
  const now = await world.clockSeconds();
  if (toSeconds > now) await world.advance(toSeconds - now);
  actors.arbitrageur.setPrice(spot);
  await actors.feedKeeper.tick();
  for (let pass = 0; pass < MOST_PASSES; pass += 1) {
    const before = actors.events().length;
    await actors.arbitrageur.tick();
    await world.advance(SECONDS_BETWEEN_PASSES);
    const events = actors.events().slice(before);
    if (!events.some((event) => event.kind === 'arbitraged' && event.venue === 'perp-v2')) break;
  }
}
