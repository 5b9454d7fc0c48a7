import { Interface } from 'ethers';
import { submit } from './actors/contract.js';
import { ACCOUNTS } from './build/accounts.js';
import type { WorldChain } from './world.js';

const MARKET = new Interface([
  'function createOptionBoard(uint256,uint256,uint256[],uint256[],bool) returns (uint256)',
]);

const DAY_SECONDS = 86_400;
const E18 = 10n ** 18n;
const TENTH = E18 / 10n;
/** Days to expiry with the volatility of the board, in tenths per √year. */
const BOARDS = [
  { days: 7, tenths: 9n },
  { days: 28, tenths: 8n },
  { days: 84, tenths: 7n },
] as const;
/** Strikes in dollars, around the 3,000 that everything opens at, with what a strike's volatility is to the board's. */
const STRIKES = [
  { dollars: 2_400n, skew: (E18 * 115n) / 100n },
  { dollars: 2_700n, skew: (E18 * 105n) / 100n },
  { dollars: 3_000n, skew: E18 },
  { dollars: 3_300n, skew: (E18 * 103n) / 100n },
  { dollars: 3_600n, skew: (E18 * 110n) / 100n },
] as const;

/**
 * Lists the boards that Lyra's market opens with: five strikes that expire 7, 28 and 84 days from now. It is done when a
 * world opens, not when it is built, because a board cannot be listed for a time that has passed.
 */
export async function listLyraBoards(chain: WorldChain, nowSeconds: number): Promise<void> {
  const market = chain.parts.lyra?.optionMarket;
  if (market === undefined) return;
  const strikes = STRIKES.map(({ dollars }) => dollars * E18);
  const skews = STRIKES.map(({ skew }) => skew);
  for (const { days, tenths } of BOARDS) {
    const board = [nowSeconds + days * DAY_SECONDS, tenths * TENTH, strikes, skews, false];
    await submit(chain, ACCOUNTS.deployer, market, MARKET.encodeFunctionData('createOptionBoard', board));
  }
}
