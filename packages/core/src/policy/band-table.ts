import type { MarginalPiece } from './cost-function.js';
import { type KnotBand, KNOTS, layKnots, type ValueShape } from './value-shape.js';

/**
 * The exact optimum of one book, laid out for reading: at each remaining time and log-moneyness the edges of the band as
 * distances from the frictionless hedge. Plain data, prepared beforehand by `@evenkeel/core/lattice` and cached.
 */
export interface BandTable {
  /** Raised whenever the meaning of the numbers changes. */
  readonly version: 4;
  /** What it was prepared for. */
  readonly prepared: PreparedFor;
  /** CE of the book at `prepared.spot`, numeraire. */
  readonly certaintyEquivalent: number;
  /** Years to the book's end at each row, ascending. */
  readonly years: readonly number[];
  /** Log of the book's forward over `prepared`'s: of the first column, and between two. */
  readonly firstLogSpot: number;
  readonly logSpotStep: number;
  readonly logSpots: number;
  /** Half-width that a band counts for at least where its knots are laid, units. */
  readonly leastHalfWidth: number;
  /**
   * At [(row·logSpots + column)·{@link BAND_FIELDS} …]: net delta at which to buy, at which buying ends, at which selling
   * ends, at which to sell; then what trading from no holding at all gains, whether trades land there, and the lowest and
   * highest net delta that were looked at, what holding exactly nothing saves; then what
   * holding on is worth around the band, values and slopes at its {@link KNOTS}, numeraire.
   */
  readonly edges: Float32Array;
}

/** The numbers of the problem behind a table. Per year. */
export interface PreparedFor {
  readonly spot: number;
  readonly annualVolatility: number;
  readonly logVarianceStdDev: number;
  readonly years: number;
  readonly monitoringYears: number;
  readonly latencyYears: number;
  readonly annualRate: number;
  readonly proportionalCost: number;
  readonly impact: { readonly buy: readonly MarginalPiece[]; readonly sell: readonly MarginalPiece[] };
  readonly fixedCost: number;
  readonly riskAversion: number;
  readonly settlement: 'free' | 'unwind';
  /** Whether all of the book pays at its end: only then time is measured in variance. */
  readonly endsAtOnce: boolean;
}

/** A table of one unit of a book, and how many such units there are. */
export interface PreparedBands {
  readonly table: BandTable;
  /** N units are the same problem with γN and k/N, and holdings N times as large. */
  readonly units: number;
  /**
   * Γ of all N units at the market of now, where the policy's book has gamma beside theirs (liquidity, which ends at no
   * time): edges are carried over from it to the gamma of the whole. Absent: the table's book is all there is.
   */
  readonly gammaPerUnit?: number;
}

/** Of these fields, those of the band itself. */
export const EDGE_FIELDS = 9;
export const BAND_FIELDS: number = EDGE_FIELDS + 2 * KNOTS;

/** Edges of the band in net delta, units of the table's book: negative is under-hedged, where one buys. */
export interface DeltaBand extends KnotBand {
  /** Negative where a book that holds no hedge should go on holding none. */
  readonly flatGain: number;
  /** What holding exactly nothing saves over next to nothing. */
  readonly flatDip: number;
  /** Above ½ where trades land at no hedge at all. */
  readonly toFlat: number;
  /** What holding on is worth around the band, for whoever trades at other costs than the table's. */
  readonly shape: () => ValueShape;
}

/** Where a market stands in a table. */
interface Place {
  readonly row: number;
  readonly rowShare: number;
  readonly column: number;
  readonly columnShare: number;
}

/**
 * Reads a table at a spot, years to the end and a volatility: linear between its log spots and between the logarithms of
 * its times. A book that ends at once depends on what variance remains, so that another volatility than the table's is
 * another row. Undefined outside of the table.
 */
export function readBand(
  table: BandTable,
  spot: number,
  years: number,
  annualVolatility: number,
  annualRate: number,
): DeltaBand | undefined {
  const place = placeOf(table, spot, years, annualVolatility, annualRate);
  if (place === undefined) return undefined;
  const { column, columnShare, row, rowShare } = place;
  const { edges, logSpots } = table;
  const near = (row * logSpots + column) * BAND_FIELDS;
  const far = rowShare > 0 ? near + logSpots * BAND_FIELDS : near;
  const right = columnShare > 0 ? BAND_FIELDS : 0;
  const read = (field: number): number =>
    (1 - rowShare) * ((1 - columnShare) * edges[near + field]! + columnShare * edges[near + right + field]!) +
    rowShare * ((1 - columnShare) * edges[far + field]! + columnShare * edges[far + right + field]!);
  const band = {
    buyOuter: read(0),
    buyInner: read(1),
    sellInner: read(2),
    sellOuter: read(3),
    flatGain: read(4),
    toFlat: read(5),
    lowest: read(6),
    highest: read(7),
    flatDip: read(8),
  };
  return {
    ...band,
    shape: () => {
      // Plain arrays: so small a typed one costs more to make than to fill.
      const knots = zeros();
      layKnots(band, table.leastHalfWidth, knots);
      const values = zeros();
      const slopes = zeros();
      const a = (1 - rowShare) * (1 - columnShare);
      const b = (1 - rowShare) * columnShare;
      const c = rowShare * (1 - columnShare);
      const d = rowShare * columnShare;
      for (let i = 0, at = near + EDGE_FIELDS, later = far + EDGE_FIELDS; i < KNOTS; i++, at++, later++) {
        values[i] = a * edges[at]! + b * edges[at + right]! + c * edges[later]! + d * edges[later + right]!;
        const slope = at + KNOTS;
        const laterSlope = later + KNOTS;
        slopes[i] =
          a * edges[slope]! + b * edges[slope + right]! + c * edges[laterSlope]! + d * edges[laterSlope + right]!;
      }
      return { knots, values, slopes };
    },
  };
}

function zeros(): number[] {
  return new Array<number>(KNOTS).fill(0);
}

function placeOf(
  { firstLogSpot, logSpots, logSpotStep, prepared, years: rows }: BandTable,
  spot: number,
  years: number,
  annualVolatility: number,
  annualRate: number,
): Place | undefined {
  const rescaled = prepared.endsAtOnce ? years * (annualVolatility / prepared.annualVolatility) ** 2 : years;
  const last = rows[rows.length - 1]!;
  if (!(rescaled <= last * (1 + 1e-9))) return undefined;
  const forward = Math.log(spot / prepared.spot) + annualRate * years - prepared.annualRate * prepared.years;
  const position = (forward - firstLogSpot) / logSpotStep;
  if (!(position >= 0 && position <= logSpots - 1)) return undefined;
  const column = Math.floor(position);
  const at = Math.min(Math.max(rescaled, rows[0]!), last);
  const row = rowBelow(rows, at);
  const rowShare = row === rows.length - 1 ? 0 : Math.log(at / rows[row]!) / Math.log(rows[row + 1]! / rows[row]!);
  return { row, rowShare, column, columnShare: position - column };
}

/** Index of the last time at or below `years`. */
function rowBelow(rows: readonly number[], years: number): number {
  let low = 0;
  let high = rows.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (rows[middle]! <= years) low = middle;
    else high = middle - 1;
  }
  return low;
}
