// Exposure of a 1,000-position book: node packages/core/bench/exposure.mjs (after `npm run build`).
import { assembleExposure } from '../dist/exposure/assemble-exposure.js';

const NOW = 1_700_000_000;
const asOf = { source: 'bench', timeSeconds: NOW };
const weth = { chainId: 1, address: '0x1111111111111111111111111111111111111111', symbol: 'WETH', decimals: 18 };

const option = (i) => ({
  kind: 'option',
  optionType: i % 2 === 0 ? 'call' : 'put',
  sizeUnits: String((i % 7) - 3.5),
  strike: String(1500 + (i % 100) * 10),
  expirySeconds: NOW + 86_400 * (1 + (i % 60)),
  annualVolatility: '0.7',
  forwardRatio: '1.002',
  annualRate: '0.04',
});
const range = (i) => ({
  kind: 'concentrated-liquidity',
  liquidity: 10n ** 15n + BigInt(i),
  tickLower: -202_000 - i,
  tickUpper: -198_000 + i,
  sqrtPriceX96: 1n << 96n,
  decimals: [18, 6],
  underlyingIndex: 0,
  owed: [0n, 0n],
});
const holding = (i) => ({
  kind: 'holding',
  amount: { token: weth, atoms: 10n ** 18n * BigInt(i) },
  deltaPerUnit: '1',
  valuePerUnit: '0',
});
const asset = (amountUnits, deltaPerUnit, valuePerUnit, more = {}) => ({
  amountUnits,
  deltaPerUnit,
  valuePerUnit,
  ...more,
});
const perpetual = (i) => ({
  kind: 'perpetual',
  sizeUnits: String((i % 9) - 4),
  entryPrice: '1950',
  accruedFunding: '-3.2',
  collateral: asset('1.5', '1', '0'),
});
const staked = (i) => ({
  kind: 'rate-bearing',
  amount: { token: { ...weth, symbol: 'wstETH' }, atoms: 10n ** 17n * BigInt(i) },
  rate: '1.19',
  basisRatio: '0.998',
});
const lending = (i) => ({
  kind: 'lending',
  collateral: [asset(String(1 + (i % 5)), '1.19', '0', { liquidationThreshold: '0.8', basisAsset: 'wstETH' })],
  debt: [asset('1000', '0', '1')],
});
const vault = (i) => ({ kind: 'vault', scale: String(1 + (i % 3)), inside: [holding(1)] });
const makers = [option, option, option, range, holding, perpetual, staked, lending, vault, option];
const readings = Array.from({ length: 1000 }, (_, i) => ({
  status: 'known',
  id: `p${i}`,
  label: `position ${i}`,
  position: makers[i % makers.length](i),
  asOf,
}));
const rules = { maxAgeSeconds: 60, staleSharePerHour: '0.25' };
const input = { underlying: 'ETH', spot: '2000', readings, inFlight: [], nowSeconds: NOW, rules };

const times = [];
for (let i = 0; i < 500; i++) {
  const start = process.hrtime.bigint();
  assembleExposure(input);
  times.push(Number(process.hrtime.bigint() - start) / 1e6);
}
const warm = times.slice(100).sort((a, b) => a - b);
const report = { positions: readings.length, coldMs: times[0], medianMs: warm[200], p99Ms: warm[396] };
console.log(JSON.stringify(report));
