import { memoryJournal } from '@evenkeel/core/execution';
import { seededRandom } from '../src/assemble/ambient.js';
import { assemble } from '../src/assemble/portfolio.js';
import { parseConfig } from '../src/config/load.js';

const OWNER = '0xB8EEf6e72c4C42BF6Ba31C573e2387EB0ab815aF';
const AT = `0x${'44'.repeat(20)}` as const;
const HELD = { deltaPerUnit: '1.19', valuePerUnit: '0', basisAsset: 'wstETH' };
const wstEth = { address: AT, symbol: 'wstETH', decimals: 18 };
const view = { to: AT, signature: 'function valueOf(address) view returns (uint256)', args: ['$owner'], decimals: 18 };
const note = { chainId: 8453, id: 'note', label: 'Note', value: view, price: { ...view, args: [AT] } };
const feed = { kind: 'feed', address: AT, decimals: 8 };

const options = {
  chainId: 8453,
  ...{ optionMarket: AT, optionToken: AT, optionGreekCache: AT },
  quoteAsset: { address: AT, symbol: 'sUSD', decimals: 18 },
  baseAsset: { address: AT, symbol: 'sETH', decimals: 18 },
};
const perp = {
  chainId: 8453,
  ...{ clearingHouse: AT, clearingHouseConfig: AT, accountBalance: AT, exchange: AT, vault: AT },
  ...{ collateralManager: AT, baseToken: AT, quoteToken: AT },
};

function sourcesOf(positions: object, more: object = {}): readonly string[] {
  const config = parseConfig({
    name: 'book',
    underlying: 'ETH',
    owner: OWNER,
    annualVolatilityPercent: 65,
    chains: [{ id: 8453, rpcUrl: 'http://127.0.0.1:1', base: 'WETH', quote: 'USDC' }],
    positions: { holdings: false, ...positions },
    ...more,
  });
  const signer = {
    address: config.owner,
    signTransaction: () => Promise.reject(new Error('not asked')),
    signTypedData: () => Promise.reject(new Error('not asked')),
  };
  const { ports } = assemble(config, { signer, journal: memoryJournal(), random: seededRandom(1), env: {} });
  return ports.sources.map(({ id }) => id);
}

test('every source can be named, and two of a kind have ids of their own', () => {
  const other = `0x${'55'.repeat(20)}`;
  const account = { chainId: 8453, addressesProvider: AT, assets: [{ token: wstEth, ...HELD }] };
  const vault = { chainId: 8453, vault: AT, asset: wstEth, ...HELD };
  expect(
    sourcesOf({
      uniswapV4: true,
      uniswapV4FromBlock: { '8453': 25_000_000 },
      aaveV3: [account, { ...account, addressesProvider: other }],
      erc4626: [vault, { ...vault, vault: other }],
      lyra: [options],
      perpV2: [perp],
      synthetixPerps: [{ chainId: 8453, market: AT, marginToken: other }],
      optionContracts: [{ chainId: 8453, contract: AT, ratePercent: '4' }],
      revalue: [
        { ...note, bump: feed, holding: view },
        { ...note, id: 'pool', bump: { kind: 'uniswap-v3', address: AT, underlyingIndex: 1 }, bumpPercent: 0.5 },
        { ...note, id: 'word', bump: { kind: 'storage', address: AT, slot: '0x0', bits: 128 } },
      ],
    }),
  ).toEqual([
    'uniswap-v4-lp-8453',
    `aave-v3-8453-${AT}`,
    `aave-v3-8453-${other}`,
    `lyra-8453-${AT}`,
    'perp-v2-8453',
    'synthetix-perps-8453',
    `erc4626-8453-${AT}`,
    `erc4626-8453-${other}`,
    `option-book-view-8453-${AT}`,
    'note',
    'pool',
    'word',
  ]);
});

test('what instruments and positions both name is read once', () => {
  const lent = { chainId: 8453, addressesProvider: AT };
  const synth = { chainId: 8453, market: AT, marginToken: AT };
  const instruments = { perpV2: [perp], synthetixPerps: [synth], aaveShort: [{ ...lent, pool: AT }] };
  const all = ['perp-v2-8453', 'synthetix-perps-8453', `aave-v3-8453-${AT}`];
  expect([...sourcesOf({}, { instruments })].sort()).toEqual([...all].sort());
  expect([...sourcesOf({ perpV2: [perp], synthetixPerps: [synth], aaveV3: [lent] }, { instruments })].sort()).toEqual(
    [...all].sort(),
  );
});

test.each([
  ['instruments.oneinchLop.0.ordersFile', { oneinchLop: [{ chainId: 8453, limitOrderProtocol: AT }] }],
  [
    'instruments.oneinchLop.0.maxOrders',
    { oneinchLop: [{ chainId: 8453, limitOrderProtocol: AT, ordersFile: 'orders.json', maxOrders: 0 }] },
  ],
  ['instruments.oneinchLop.0.chainId', { oneinchLop: [{ chainId: 1, limitOrderProtocol: AT, ordersFile: 'o.json' }] }],
  ['instruments.synthetixPerps.0.market', { synthetixPerps: [{ chainId: 8453, market: '0x1', marginToken: AT }] }],
  ['instruments.synthetixPerps.0.marginToken', { synthetixPerps: [{ chainId: 8453, market: AT }] }],
  ['instruments.synthetixPerps.0.chainId', { synthetixPerps: [{ chainId: 1, market: AT, marginToken: AT }] }],
])('a bad %s is refused by name', (field, instruments) => {
  expect(() => sourcesOf({}, { instruments })).toThrow(expect.objectContaining({ field }));
});

test.each([
  ['positions.lyra.0.chainId', { lyra: [{ ...options, chainId: 1 }] }],
  ['positions.lyra.0.volatility', { lyra: [{ ...options, volatility: 'guessed' }] }],
  ['positions.perpV2.0.vault', { perpV2: [{ ...perp, vault: 'vault' }] }],
  ['positions.synthetixPerps.0.market', { synthetixPerps: [{ chainId: 8453, marginToken: AT }] }],
  ['positions.erc4626.0.chainId', { erc4626: [{ chainId: 1, vault: AT, asset: wstEth, ...HELD }] }],
  [
    'positions.erc4626.0.deltaPerUnit',
    { erc4626: [{ chainId: 8453, vault: AT, asset: wstEth, ...HELD, deltaPerUnit: 1 }] },
  ],
  ['positions.aaveV3.0.addressesProvider', { aaveV3: [{ chainId: 8453, addressesProvider: '0x1' }] }],
  ['positions.revalue.0.bump.kind', { revalue: [{ ...note, bump: { kind: 'guess' } }] }],
  ['positions.revalue.0.bumpPercent', { revalue: [{ ...note, bump: feed, bumpPercent: 0 }] }],
  ['value', { revalue: [{ ...note, bump: feed, value: { ...view, signature: 'valueOf' } }] }],
])('a bad %s is refused by name', (field, positions) => {
  expect(() => sourcesOf(positions)).toThrow(expect.objectContaining({ field }));
});
