const HOUR_MS = 3_600_000;

/** A CSV of hourly candles whose price drifts one way for ten days and the other way for ten, by lines. */
export function hourlyCandles(count: number, startSeconds: number): readonly string[] {
  let price = 2000;
  let state = 7;
  const uniform = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  const lines = Array.from({ length: count }, (_, i) => {
    const open = price;
    const drift = Math.floor(i / 240) % 2 === 0 ? 0.0008 : -0.0008;
    price *= Math.exp(drift + 0.005 * (uniform() + uniform() + uniform() + uniform() - 2));
    const [high, low] = [Math.max(open, price), Math.min(open, price)];
    return [startSeconds * 1000 + i * HOUR_MS, ...[open, high, low, price].map((each) => each.toFixed(4)), 1].join(',');
  });
  return ['timestamp,open,high,low,close,volume', ...lines];
}
