// Path files: what the world does, over time.
import { readFileSync } from 'node:fs';

const HEAD = 't,price,iv,gas,venueState';

/**
 * Reads a path file. Its rows are seconds from the beginning, USD for one ETH, implied volatility in percent a year, base
 * fee in gwei on the first chain, and a word for the venue. Numbers run straight from row to row, the word holds from its
 * row on; two rows of one second are a jump.
 */
export function readPath(file) {
  const [head, ...lines] = readFileSync(file, 'utf8').trim().split('\n');
  if (head.replaceAll(' ', '') !== HEAD) throw new Error(`${file} has to begin with ${HEAD}.`);
  const rows = lines.map((line, index) => {
    const [t, price, iv, gas, venueState] = line.split(',').map((cell) => cell.trim());
    const row = { t: Number(t), price: Number(price), iv: Number(iv), gas: Number(gas), venueState };
    const numbers = [row.t, row.price, row.iv, row.gas];
    if (!numbers.every(Number.isFinite) || venueState === undefined) throw new Error(`${file}:${index + 2} is no row.`);
    return row;
  });
  if (rows.some(({ t }, i) => i > 0 && t < rows[i - 1].t)) throw new Error(`${file} is not in the order of time.`);
  return Object.freeze({
    rows,
    endSeconds: rows.at(-1).t,
    at: (t) => {
      const after = rows.findIndex((row) => row.t > t);
      if (after === -1) return rows.at(-1);
      const [from, to] = [rows[Math.max(0, after - 1)], rows[after]];
      const share = to.t === from.t ? 1 : Math.max(0, (t - from.t) / (to.t - from.t));
      const between = (key) => from[key] + share * (to[key] - from[key]);
      return { t, price: between('price'), iv: between('iv'), gas: between('gas'), venueState: from.venueState };
    },
  });
}
