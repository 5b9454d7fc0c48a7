/** A constant-product pool, and an arbitrageur who brings its price back to the market's. */
export interface RefillingPool {
  /** Numeraire per unit at the margin. */
  price(): number;
  /** Lets time pass: of the gap to the market price, in logarithms, e^{−ρt} is left. */
  refill(marketPrice: number, seconds: number): void;
  /** Sells units into the pool; what arrives and what of it the pool keeps as its fee. */
  sell(units: number): PoolFill;
  /** What selling would bring, without doing it. */
  quote(units: number): PoolFill;
}

export interface PoolFill {
  /** Numeraire for a unit, before the fee. */
  readonly price: number;
  /** Numeraire. */
  readonly fee: number;
}

export interface PoolParameters {
  /** Reserve of the underlying at the start. */
  readonly reserveUnits: number;
  readonly spot: number;
  readonly feeBps: number;
  /** ρ, per second. */
  readonly resiliencePerSecond: number;
}

export function refillingPool({ feeBps, reserveUnits, resiliencePerSecond, spot }: PoolParameters): RefillingPool {
  const product = reserveUnits * reserveUnits * spot;
  const fee = feeBps / 10_000;
  let price = spot;
  const quote = (units: number): PoolFill => {
    const base = Math.sqrt(product / price);
    const swapped = units * (1 - fee);
    const received = product / base - product / (base + swapped);
    const kept = units * fee * price;
    return { price: (received + kept) / units, fee: kept };
  };
  return {
    price: () => price,
    quote,
    refill(marketPrice, seconds) {
      price = marketPrice * Math.exp(Math.log(price / marketPrice) * Math.exp(-resiliencePerSecond * seconds));
    },
    sell(units) {
      const fill = quote(units);
      const base = Math.sqrt(product / price) + units * (1 - fee);
      price = product / (base * base);
      return fill;
    },
  };
}
