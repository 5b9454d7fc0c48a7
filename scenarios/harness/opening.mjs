// A world that goes by the wall clock, with the demonstration's book in it.
import { startWorld } from '@evenkeel/devnet';
import { openPortfolio } from '../../packages/agent/dist/demo/open-portfolio.js';

/** @returns the world, with a block a second, and the configuration of the book */
export async function openWorldWithBook({ chains, seed }) {
  const world = await startWorld({ chains, seed, blockTimeSeconds: 1 });
  // What is there at the opening need not wait for the blocks in which it is traded.
  await mineAtOnce(world, true);
  const portfolio = await openPortfolio(world);
  await mineAtOnce(world, false);
  return { world, portfolio };
}

/** A block for each transaction, or one a second as the world was begun with. */
async function mineAtOnce({ chains }, isWanted) {
  for (const { rpc } of chains) {
    await rpc('evm_setIntervalMining', [isWanted ? 0 : 1]);
    await rpc('evm_setAutomine', [isWanted]);
  }
}
