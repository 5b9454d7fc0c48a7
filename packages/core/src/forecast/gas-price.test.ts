import fc from 'fast-check';
import { normals } from '../../test/support/simulated-bars.js';
import { ForecastInputInvalidError, GasSampleInvalidError, HistoryTooShortError } from './errors.js';
import { evaluateGasForecasts } from './evaluate-gas.js';
import { gasLastPrice, gasMeanReversion, type GasPriceSample } from './gas-price.js';

const MINUTE = 60;

/** Gas around 20 gwei with surges that halve in an hour, and noise from minute to minute. */
function simulateGas(count: number, seed: number): GasPriceSample[] {
  const next = normals(seed);
  let surge = 0;
  return Array.from({ length: count }, (_, i) => {
    surge = surge * 0.5 ** (1 / 60) + 0.06 * next();
    return { timeSeconds: i * MINUTE, gwei: 20 * Math.exp(surge + 0.1 * next()) };
  });
}

const samples = simulateGas(3000, 1);
const forecasters = [gasLastPrice(), gasMeanReversion()];

describe.each(forecasters.map((one) => [one.id, one] as const))('%s', (id, forecaster) => {
  test('does not look ahead', () => {
    const cut = 2000;
    const seen = [1500, 1900, cut];
    const all = (history: readonly GasPriceSample[]) =>
      forecaster.series?.(history, 1800, seen) ??
      seen.map((count) => forecaster.forecast(history.slice(0, count), 1800));
    const before = all(samples);
    expect(before).toEqual(seen.map((count) => forecaster.forecast(samples.slice(0, count), 1800)));
    fc.assert(
      fc.property(fc.shuffledSubarray(samples.slice(cut), { minLength: 1000 }), (future) => {
        const other = future.map(({ gwei }, i) => ({ timeSeconds: (cut + i) * MINUTE, gwei: gwei * 7 }));
        expect(all([...samples.slice(0, cut), ...other])).toEqual(before);
      }),
      { numRuns: 5 },
    );
  });

  test('refuses what is no gas price, no grid, no horizon, too short', () => {
    const change = (i: number, to: Partial<GasPriceSample>) =>
      samples.slice(0, 200).map((sample, j) => (i === j ? { ...sample, ...to } : sample));
    const at = (history: readonly GasPriceSample[], horizon = 600) => forecaster.forecast(history, horizon);
    expect(() => at(change(50, { gwei: 0 }))).toThrow(GasSampleInvalidError);
    expect(() => at(change(50, { gwei: Number.NaN }))).toThrow(GasSampleInvalidError);
    expect(() => at(change(50, { timeSeconds: 1 }))).toThrow(GasSampleInvalidError);
    expect(() => at(samples, 0)).toThrow(ForecastInputInvalidError);
    expect(() => at(samples.slice(0, 40))).toThrow(HistoryTooShortError);
    expect(() => at([])).toThrow(HistoryTooShortError);
    expect(at(samples)).toMatchObject({ model: id, horizonSeconds: 600 });
  });
});

test('after a surge, gas is expected to come down, by about what is left of one', () => {
  const surge = samples.map((sample, i) => (i < samples.length - 20 ? sample : { ...sample, gwei: 100 }));
  const soon = gasMeanReversion().forecast(surge, 10 * MINUTE);
  const late = gasMeanReversion().forecast(surge, 240 * MINUTE);
  expect(soon.medianGwei).toBeLessThan(100);
  expect(soon.medianGwei).toBeGreaterThan(50);
  expect(late.medianGwei).toBeLessThan(40);
  expect(late.medianGwei).toBeGreaterThan(15);
});

test('it beats the last price where gas reverts, with honest intervals', () => {
  const [hour] = evaluateGasForecasts({
    samples,
    forecasters,
    baselineId: 'gas-last-price',
    horizonsSeconds: [3600],
    warmUpSamples: 1000,
    everySamples: 10,
  });
  const [last, ours] = hour!.scores;
  expect(hour!.forecasts).toBe(195);
  expect(last).not.toHaveProperty('againstBaseline');
  expect(ours!.againstBaseline!.squaredLogError.percent).toBeLessThan(-10);
  expect(ours!.againstBaseline!.squaredLogError.pValue).toBeLessThan(0.05);
  expect(Math.abs(ours!.coverage['50'] - 0.5)).toBeLessThan(0.12);
  expect(Math.abs(ours!.coverage['90'] - 0.9)).toBeLessThan(0.08);
});

test('says what it said, digit by digit', () => {
  const { logMean, logStdDev } = gasMeanReversion().forecast(samples, 30 * MINUTE);
  expect(logMean).toBeCloseTo(3.247485745521245, 9);
  expect(logStdDev).toBeCloseTo(0.3140350604558993, 9);
});
