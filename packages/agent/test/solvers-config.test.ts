import { memoryJournal } from '@evenkeel/core/execution';
import { EvenkeelError } from '@evenkeel/intents';
import { Wallet } from 'ethers';
import { seededRandom } from '../src/assemble/ambient.js';
import { assemble, type Assembled } from '../src/assemble/portfolio.js';
import { parseConfig } from '../src/config/load.js';

// What a configuration says of solver networks, and what it may not say.

const signer = new Wallet(`0x${'11'.repeat(32)}`);
const ADDRESS = `0x${'44'.repeat(20)}`;
const cow = { chainId: 1, apiUrl: 'https://api.cow.fi/mainnet/' };
const dutch = { kind: 'exclusive-dutch', chainId: 1, quoteUrl: 'https://f.example', reactor: ADDRESS, quoter: ADDRESS };
const settlers = { inputSettler: ADDRESS, outputSettler: ADDRESS, inputOracle: ADDRESS, outputOracle: ADDRESS };
const oif = { apiUrl: 'https://solver.example', chains: [{ chainId: 1, ...settlers }] };

function assembled(solvers: object, env: NodeJS.ProcessEnv = {}): Assembled {
  const chain = { id: 1, rpcUrl: 'http://127.0.0.1:1', base: 'WETH', quote: 'USDC' };
  const book = { name: 'book', underlying: 'ETH', owner: signer.address, annualVolatilityPercent: 65, chains: [chain] };
  const config = parseConfig({ ...book, adapters: ['uniswap-v3'], solvers });
  return assemble(config, { signer, journal: memoryJournal(), random: seededRandom(1), env });
}

function refusalOf(solvers: object): { readonly code: string; readonly field: unknown } {
  try {
    assembled(solvers);
  } catch (error) {
    if (error instanceof EvenkeelError) return { code: error.code, field: error.field };
    throw error;
  }
  throw new Error('It was accepted.');
}

test('every network that is named is asked; without any, none is', () => {
  const { networks } = assembled({ cow: { chains: [cow] }, uniswapx: { chains: [dutch] }, oif: [oif, oif] }).ports;
  expect(networks!.ids).toEqual(['cow', 'uniswapx', 'oif', 'oif-2']);
  expect(assembled({ cow: { chains: [cow] } }).ports.networks!.ids).toEqual(['cow']);
});

test.each<[string, object, string]>([
  ['no network', {}, 'solvers'],
  ['a chain that is not there', { cow: { chains: [{ ...cow, chainId: 10 }] } }, 'solvers.cow.chains.0.chainId'],
  ['a chain twice', { uniswapx: { chains: [dutch, dutch] } }, 'solvers.uniswapx.chains.1.chainId'],
  ['no chain', { cow: { chains: [] } }, 'solvers.cow.chains'],
  ['a URL that is none', { oif: [{ ...oif, apiUrl: 'solver' }] }, 'solvers.oif.0.apiUrl'],
  [
    'a V2 order without a cosigner',
    { uniswapx: { chains: [{ ...dutch, kind: 'v2-dutch' }] } },
    'solvers.uniswapx.chains.0.cosigner',
  ],
  ['an unknown key', { cow: { chains: [cow], gasless: true } }, 'solvers.cow.gasless'],
  ['no patience at all', { patienceSeconds: 0, cow: { chains: [cow] } }, 'solvers.patienceSeconds'],
  ['a key that is not set', { oif: [{ ...oif, apiKeyEnv: 'NO_SUCH_KEY' }] }, 'solvers.oif.0.apiKeyEnv'],
])('%s is refused', (_, solvers, field) => {
  expect(refusalOf(solvers)).toEqual({ code: 'INVALID_INPUT', field });
});
