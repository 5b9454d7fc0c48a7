import { type Chain, type Hex, NATIVE_ADDRESS, type ReadCall, type ReadResult } from '@evenkeel/core';
import { pretendFunds } from '@evenkeel/core/execution';
import type { PaperLedger } from './paper-ledger.js';

/** balanceOf(address) of ERC-20, and getEthBalance(address) of Multicall3. */
const BALANCE_OF = '0x70a08231';
const NATIVE_BALANCE_OF = '0x4d2301cc';

/**
 * A chain on which paper trades have happened: balances are those of the chain with what was traded on paper, and what is
 * simulated has them. All else is as it is, and nothing can be sent.
 */
export function paperChain(chain: Chain, ledger: PaperLedger): Chain {
  const adjusted = (call: ReadCall, result: ReadResult): ReadResult => {
    if (!result.success || !/^0x[0-9a-f]{64}$/i.test(result.data)) return result;
    const selector = call.data.slice(0, 10).toLowerCase();
    if (selector !== BALANCE_OF && selector !== NATIVE_BALANCE_OF) return result;
    const token = selector === BALANCE_OF ? call.to : NATIVE_ADDRESS;
    const change = ledger.atomsOf(chain.id, `0x${call.data.slice(-40)}`, token);
    if (change === 0n) return result;
    const atoms = BigInt(result.data) + change;
    return { success: true, data: `0x${(atoms < 0n ? 0n : atoms).toString(16).padStart(64, '0')}` };
  };
  return Object.freeze({
    ...chain,
    read: async (calls, signal) => {
      const batch = await chain.read(calls, signal);
      return { ...batch, results: batch.results.map((result, i) => adjusted(calls[i]!, result)) };
    },
    balanceWei: async (address, signal) => {
      const wei = (await chain.balanceWei(address, signal)) + ledger.atomsOf(chain.id, address, NATIVE_ADDRESS);
      return wei < 0n ? 0n : wei;
    },
    simulate: async (request, signal) => {
      const changes = ledger.changesOf(chain.id, request.from).map(({ atoms, token: address }) => ({
        token: { chainId: chain.id, address, symbol: address, decimals: 0 },
        atoms,
      }));
      const paper = await pretendFunds(chain, request.from, changes, signal);
      // What the caller pretends was worked out from balances that were adjusted already.
      return chain.simulate({ ...request, overrides: { ...paper, ...request.overrides } }, signal);
    },
    sendRawTransaction: (): Promise<Hex> => {
      throw new TypeError('A paper chain sends nothing.');
    },
  } satisfies Chain);
}
