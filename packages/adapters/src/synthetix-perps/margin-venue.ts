import type { Address } from '@evenkeel/core';
import { type MarginVenue, moneyPaidIn, perpetualMargin, perpetualReduction } from '@evenkeel/core/margin';
import { balanceRead } from '../common/erc20.js';
import { deepFreeze } from '../common/freeze.js';
import { readContracts } from '../common/read.js';
import { readSynthetixPerpsAccount } from './account.js';
import { synthetixMarginTransfer } from './margin.js';
import { synthetixMargin } from './margin-account.js';
import type { SynthetixPerpsMarket } from './market.js';

const DEPOSIT_GAS = 400_000n;

/**
 * The margin of an account on a market of Synthetix PerpsV2, to be kept by the loop: sUSD, which no bridge brings.
 *
 * @param adapter id of the instrument that trades the market: its margin this is
 * @throws SYNTHETIX_MARKET_CLOSED, CONTRACT_UNREADABLE and what the chain throws, by `read`
 * @example
 * ```ts
 * const margin = { venues: [synthetixMarginVenue(market, 'synthetix-perps')], ways: ['wallet', 'reduce'] }
 * ```
 */
export function synthetixMarginVenue(market: SynthetixPerpsMarket, adapter: string): MarginVenue {
  const { chain, marginToken, symbol } = market;
  return Object.freeze({
    id: `${adapter}-margin`,
    name: `Synthetix PerpsV2 on ${chain.name}`,
    chainId: chain.id,
    carries: Object.freeze({ adapter, instrument: symbol }),
    payments: deepFreeze([
      {
        id: 'deposit',
        token: { ...marginToken },
        gasUnits: DEPOSIT_GAS,
        calls: (atoms: bigint) => synthetixMarginTransfer(market, atoms),
      },
    ]),
    // The market burns the sUSD itself.
    targets: (chainId: number) => Object.freeze(chainId === chain.id ? [market.market] : []),
    read: async (owner: Address, signal: AbortSignal) => {
      const [account, { values }] = await Promise.all([
        readSynthetixPerpsAccount(market, owner, signal),
        readContracts(chain, [balanceRead(marginToken, owner)], signal),
      ]);
      const margin = synthetixMargin(account);
      return Object.freeze({
        account: perpetualMargin(margin),
        payments: { deposit: { change: moneyPaidIn(1), price: 1, walletAtoms: values[0] } },
        position: {
          heldUnits: margin.sizeUnits,
          reduction: (costShare: number) => perpetualReduction(margin, costShare),
        },
      });
    },
  } satisfies MarginVenue);
}
