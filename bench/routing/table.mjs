// From measured rows to the figures that are printed.

const sorted = (values) => [...values].sort((a, b) => a - b);

export function median(values) {
  return values.length === 0 ? undefined : sorted(values)[values.length >> 1];
}

/** The value that a share of all do not exceed. */
export function percentile(values, share) {
  return sorted(values)[Math.min(values.length - 1, Math.floor(values.length * share))];
}

export function worst(values) {
  return values.length === 0 ? undefined : Math.max(...values);
}

/** Slope of log time over log size by least squares: 1 is linear. */
export function exponentOf(points) {
  if (points.length < 2) return undefined;
  const xs = points.map(([x]) => Math.log(x));
  const ys = points.map(([, y]) => Math.log(y));
  const mean = (list) => list.reduce((a, b) => a + b, 0) / list.length;
  const [mx, my] = [mean(xs), mean(ys)];
  const top = xs.reduce((sum, x, i) => sum + (x - mx) * (ys[i] - my), 0);
  return top / xs.reduce((sum, x) => sum + (x - mx) ** 2, 0);
}

/** Rows by pool count, gas or none, and router. */
export function summarise(results) {
  const groups = new Map();
  for (const { chosen, rows } of results) {
    for (const row of rows) {
      const key = `${chosen.pools}/${chosen.gwei === 0 ? 'free' : 'gas'}/${row.name}`;
      if (!groups.has(key)) groups.set(key, []);
      groups.get(key).push(row);
    }
  }
  return [...groups.entries()].map(([key, rows]) => {
    const [pools, gas, name] = key.split('/');
    const asked = rows.filter(({ skipped }) => skipped === undefined);
    const served = asked.filter((row) => row.served);
    const losses = served.map(({ lossBps }) => lossBps).filter((loss) => loss !== undefined);
    return {
      pools: Number(pools),
      gas: gas === 'gas',
      name,
      cases: rows.length,
      skipped: rows.length - asked.length,
      unserved: asked.length - served.length,
      medianLossBps: median(losses),
      worstLossBps: worst(losses),
      medianHops: median(served.map(({ hops }) => hops)),
      coldMs: median(asked.map(({ coldMs }) => coldMs).filter((ms) => ms !== undefined)),
      warmMs: median(asked.map(({ warmMs }) => warmMs).filter((ms) => ms !== undefined)),
      wins: rows.filter(({ duel }) => duel === 'win').length,
      draws: rows.filter(({ duel }) => duel === 'draw').length,
      losses: rows.filter(({ duel }) => duel === 'loss').length,
      circles: rows.filter(({ duel }) => duel === 'circle').length,
      equalHopLosses: rows.filter(({ equalHops }) => equalHops === 'loss').length,
      equalHopDuels: rows.filter(({ equalHops }) => equalHops !== undefined).length,
    };
  });
}

const cell = (value, digits) => (value === undefined ? '–' : value.toFixed(digits));
const milliseconds = (value) => (value === undefined ? '–' : value < 10 ? value.toFixed(3) : value.toFixed(0));

/** The table as text. `against us` counts from the peer's side: its wins are our losses. */
export function tableOf(summary) {
  const head = [
    'pools',
    'gas',
    'router',
    'cases',
    'no route',
    'loss bp',
    'worst',
    'hops',
    'cold ms',
    'warm ms',
    'beats us',
    'draws',
    'circles',
    'equal hops',
  ];
  const body = summary.map((row) => [
    String(row.pools),
    row.gas ? 'yes' : 'no',
    row.name,
    String(row.cases - row.skipped),
    String(row.unserved),
    cell(row.medianLossBps, 4),
    cell(row.worstLossBps, 3),
    cell(row.medianHops, 0),
    milliseconds(row.coldMs),
    milliseconds(row.warmMs),
    row.name === 'evenkeel' ? '' : String(row.losses),
    row.name === 'evenkeel' ? '' : String(row.draws),
    row.name === 'evenkeel' ? '' : String(row.circles),
    row.name === 'evenkeel' ? '' : `${row.equalHopLosses} of ${row.equalHopDuels}`,
  ]);
  const widths = head.map((title, i) => Math.max(title.length, ...body.map((line) => line[i].length)));
  const line = (cells) =>
    cells.map((text, i) => (i === 2 ? text.padEnd(widths[i]) : text.padStart(widths[i]))).join('  ');
  return [line(head), line(widths.map((width) => '─'.repeat(width))), ...body.map(line)].join('\n');
}
