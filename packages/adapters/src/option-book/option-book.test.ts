import type { VolatilityFeed } from '@evenkeel/core';
import type { OptionBookConfig } from './config.js';
import { ConfigUnitMissingError, optionBook, OptionBookInvalidError } from './index.js';

const NOW = 1_700_000_000;
const clock = { now: () => NOW * 1000 + 999 };
const owner = '0x2222222222222222222222222222222222222222';
const signal = new AbortController().signal;

const call: OptionBookConfig['positions'][number] = {
  id: 'call',
  optionType: 'call',
  sizeUnits: '-10',
  strikeNumeraire: '2500',
  expiryUnixSeconds: NOW + 2_592_000,
};
const stated: OptionBookConfig = {
  underlying: 'ETH',
  volatilityAnnualPercent: '70',
  forwardRatioToSpot: '1.004',
  rateAnnualPercent: '4',
  positions: [call, { ...call, id: 'put', optionType: 'put', volatilityAnnualPercent: '82.5' }],
};

const withoutVolatility: OptionBookConfig = { ...stated, volatilityAnnualPercent: undefined, positions: [call] };
const withoutForward: OptionBookConfig = { ...stated, forwardRatioToSpot: undefined, positions: [call] };

const volatilityFeed = (value: string, timeSeconds = NOW - 30): VolatilityFeed => ({
  realised: () => Promise.resolve({ value, asOf: { source: 'feed', timeSeconds } }),
});

test('a stated book is read as options with fractions a year, now', async () => {
  const readings = await optionBook(stated, { clock }).read(owner, signal);
  expect(readings).toMatchObject([
    {
      status: 'known',
      id: 'option-book:call',
      position: {
        kind: 'option',
        sizeUnits: '-10',
        annualVolatility: '0.7',
        annualRate: '0.04',
        forwardRatio: '1.004',
      },
      asOf: { source: 'option-book', timeSeconds: NOW },
    },
    { id: 'option-book:put', position: { optionType: 'put', annualVolatility: '0.825' } },
  ]);
});

test('a feed answers what the book leaves open, and its age is the reading’s', async () => {
  const source = optionBook(withoutVolatility, { clock, volatilityFeed: volatilityFeed('0.66') });
  expect(await source.read(owner, signal)).toMatchObject([
    { position: { annualVolatility: '0.66' }, asOf: { timeSeconds: NOW - 30 } },
  ]);
});

test.each([
  ['fails', { realised: () => Promise.reject(new Error('down')) }],
  ['says NaN', volatilityFeed('NaN')],
  ['says percent', volatilityFeed('70')],
])('a volatility feed that %s leaves the option unknown within its size', async (_, feed: VolatilityFeed) => {
  const source = optionBook(withoutVolatility, { clock, volatilityFeed: feed });
  expect(await source.read(owner, signal)).toMatchObject([
    { status: 'unknown', deltaBounds: { low: '-10.04', high: '0' } },
  ]);
});

test('a forward feed that fails leaves it unknown without bounds', async () => {
  const forwardFeed = { forwardRatio: () => Promise.reject(new Error('down')) };
  const [reading] = await optionBook(withoutForward, { clock, forwardFeed }).read(owner, signal);
  expect(reading).toMatchObject({ status: 'unknown' });
  expect(reading).not.toHaveProperty('deltaBounds');
});

test('an aborted read rejects', async () => {
  const source = optionBook(stated, { clock });
  await expect(source.read(owner, AbortSignal.abort())).rejects.toThrow('abort');
});

const broken = (change: object): OptionBookConfig => ({ ...stated, ...change });
const brokenCall = (change: object): OptionBookConfig => broken({ positions: [{ ...call, ...change }] });

test.each([
  ['volatility', broken({ volatility: '0.7' })],
  ['forward', broken({ forward: '1.004' })],
  ['rate', broken({ rate: 0.04 })],
  ['positions.0.strike', brokenCall({ strike: '2500' })],
  ['positions.0.size', brokenCall({ size: 5 })],
  ['positions.0.expiry', brokenCall({ expiry: '2027-01-01' })],
])('%s does not say its unit', (field, config) => {
  expect(() => optionBook(config, { clock })).toThrow(ConfigUnitMissingError);
  expect(() => optionBook(config, { clock })).toThrow(expect.objectContaining({ field }));
});

test.each([
  ['volatilityAnnualPercent', broken({ volatilityAnnualPercent: '0.7' })],
  ['volatilityAnnualPercent', withoutVolatility],
  ['forwardRatioToSpot', withoutForward],
  ['forwardRatioToSpot', broken({ forwardRatioToSpot: '2500' })],
  ['colour', broken({ colour: 'red' })],
  ['positions', broken({ positions: [] })],
  ['positions.id', broken({ positions: [call, call] })],
  ['positions.0.sizeUnits', brokenCall({ sizeUnits: 5 })],
  ['positions.0.strikeNumeraire', brokenCall({ strikeNumeraire: '-2500' })],
  ['positions.0.expiryUnixSeconds', brokenCall({ expiryUnixSeconds: NOW * 1000 })],
  ['positions.0.optionType', brokenCall({ optionType: 'digital' })],
])('%s is refused by name', (field, config) => {
  expect(() => optionBook(config, { clock })).toThrow(OptionBookInvalidError);
  expect(() => optionBook(config, { clock })).toThrow(expect.objectContaining({ field }));
});
