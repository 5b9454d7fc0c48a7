import type { Address } from '@evenkeel/core';
import { type MarginVenue, moneyPaidIn, perpetualMargin, perpetualReduction } from '@evenkeel/core/margin';
import { balanceRead } from '../common/erc20.js';
import { deepFreeze } from '../common/freeze.js';
import { readContracts } from '../common/read.js';
import { readPerpV2Account } from './account.js';
import { perpV2Margin } from './margin.js';
import type { PerpV2Market } from './market.js';
import { perpV2Deposit, perpV2DepositRoom } from './vault.js';

/** Of an approval and a deposit, the first of an account included. */
const DEPOSIT_GAS = 330_000n;

/**
 * The margin of an account on a market of Perp v2, to be kept by the loop: USDC into the vault, as far as its cap lets.
 *
 * @param adapter id of the instrument that trades the market: its margin this is
 * @throws PERP_MARGIN_UNKNOWN, CONTRACT_UNREADABLE and what the chain throws, by `read`
 * @example
 * ```ts
 * const margin = { venues: [perpV2MarginVenue(market, 'perp-v2')], ways: ['wallet', 'bridge', 'reduce'] }
 * const rebalancer = createHedgingRebalancer(portfolio, ports, { ...instruments, margin })
 * ```
 */
export function perpV2MarginVenue(market: PerpV2Market, adapter: string): MarginVenue {
  const { baseToken, chain, settlementToken, vault } = market;
  return Object.freeze({
    id: `${adapter}-margin`,
    name: `Perp v2 on ${chain.name}`,
    chainId: chain.id,
    carries: Object.freeze({ adapter, instrument: baseToken.symbol }),
    payments: deepFreeze([
      {
        id: 'deposit',
        token: { ...settlementToken },
        gasUnits: DEPOSIT_GAS,
        calls: (atoms: bigint) => perpV2Deposit(market, atoms),
      },
    ]),
    targets: (chainId: number) => Object.freeze(chainId === chain.id ? [vault] : []),
    read: async (owner: Address, signal: AbortSignal) => {
      const [account, roomAtoms, { values }] = await Promise.all([
        readPerpV2Account(market, owner, signal),
        perpV2DepositRoom(market, signal),
        readContracts(chain, [balanceRead(settlementToken, owner)], signal),
      ]);
      const margin = perpV2Margin(account);
      return Object.freeze({
        account: perpetualMargin(margin),
        payments: { deposit: { change: moneyPaidIn(1), price: 1, walletAtoms: values[0], roomAtoms } },
        position: {
          heldUnits: margin.sizeUnits,
          reduction: (costShare: number) => perpetualReduction(margin, costShare),
        },
      });
    },
  } satisfies MarginVenue);
}
