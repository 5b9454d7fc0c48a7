/** Yearly rates of what is held, continuously compounded. */
export interface Carry {
  /** Earned on cash and paid on debt. */
  readonly annualRate: number;
  /** Paid by the long to the short side of the hedge, as perpetuals have it. */
  readonly annualFundingRate: number;
  /** Paid for units that are sold short. */
  readonly annualBorrowRate: number;
}

/** Profit and loss by part, numeraire; costs are positive numbers that lower it. */
export interface ProfitAndLoss {
  /** Closing less opening value of the book's own positions. */
  readonly book: number;
  /** Of the hedge at the path's prices. */
  readonly hedge: number;
  /** Of cash and debt at `annualRate`. */
  readonly interest: number;
  /** Funding and borrowing of the hedge, and funding of the book's perpetuals. */
  readonly funding: number;
  readonly costs: TradingCostsByKind;
  /** Closing cash of an account that opened empty, everything settled. */
  readonly total: number;
  /** `total` less the sum of the parts: rounding of floating-point numbers. */
  readonly unexplained: number;
}

/** `fee`: at the price of the first unit. `impact`: what the size adds to it. `gas`: per trade. */
export interface TradingCostsByKind {
  readonly fee: number;
  readonly impact: number;
  readonly gas: number;
}

const SECONDS_PER_YEAR = 365 * 86_400;

/** An account: cash, units of the hedge, and where every change of them came from. Mutable while an episode runs. */
export interface Books {
  readonly holdingUnits: () => number;
  readonly price: () => number;
  /**
   * Time passes and the price moves.
   *
   * @param fundedUnits of the book's own perpetuals, each times its yearly funding rate
   */
  readonly moveTo: (seconds: number, price: number, fundedUnits: number) => void;
  readonly openLeg: (value: number) => void;
  readonly closeLeg: (value: number) => void;
  readonly trade: (units: number, costs: TradingCostsByKind) => void;
  readonly close: () => ProfitAndLoss;
}

/** The account is kept twice: as cash and units, and as parts; closing compares them. */
export function openBooks(startSeconds: number, startPrice: number, carry: Carry): Books {
  let cash = 0;
  let units = 0;
  let seconds = startSeconds;
  let price = startPrice;
  const parts = { book: 0, hedge: 0, interest: 0, funding: 0, fee: 0, impact: 0, gas: 0 };
  return {
    holdingUnits: () => units,
    price: () => price,
    moveTo: (toSeconds, toPrice, fundedUnits) => {
      const years = (toSeconds - seconds) / SECONDS_PER_YEAR;
      const interest = carry.annualRate === 0 ? 0 : cash * Math.expm1(carry.annualRate * years);
      const borrowed = units < 0 ? units * price * carry.annualBorrowRate * years : 0;
      const funding = borrowed - (units * carry.annualFundingRate + fundedUnits) * price * years;
      cash += interest + funding;
      parts.interest += interest;
      parts.funding += funding;
      parts.hedge += units * (toPrice - price);
      seconds = toSeconds;
      price = toPrice;
    },
    openLeg: (value) => {
      cash -= value;
      parts.book -= value;
    },
    closeLeg: (value) => {
      cash += value;
      parts.book += value;
    },
    trade: (traded, { fee, gas, impact }) => {
      cash -= traded * price + fee + impact + gas;
      units += traded;
      parts.fee += fee;
      parts.impact += impact;
      parts.gas += gas;
    },
    close: () => {
      const { book, fee, funding, gas, hedge, impact, interest } = parts;
      const total = cash + units * price;
      const costs = Object.freeze({ fee, impact, gas });
      const explained = book + hedge + interest + funding - fee - impact - gas;
      return Object.freeze({ book, hedge, interest, funding, costs, total, unexplained: total - explained });
    },
  };
}
