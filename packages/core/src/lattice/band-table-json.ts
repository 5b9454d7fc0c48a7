import * as v from 'valibot';
import { BAND_FIELDS, type BandTable } from '../policy/band-table.js';
import { BandTableInvalidError } from './errors.js';

/** What {@link serialiseBands} writes. */
export type BandTableJson = Omit<BandTable, 'edges'> & {
  /** Base64 of little-endian 32-bit floats. */
  readonly edges: string;
};

/** A table as plain JSON data, for a cache on disk. */
export function serialiseBands(table: BandTable): BandTableJson {
  const view = new DataView(new ArrayBuffer(table.edges.length * 4));
  table.edges.forEach((edge, i) => {
    view.setFloat32(4 * i, edge, true);
  });
  const parts: string[] = [];
  for (let i = 0; i < view.byteLength; i++) parts.push(String.fromCharCode(view.getUint8(i)));
  return { ...table, edges: btoa(parts.join('')) };
}

const finite = v.pipe(v.number('must be a number'), v.finite('must be finite'));
const positive = v.pipe(finite, v.gtValue(0, 'must be above 0'));
const notNegative = v.pipe(finite, v.minValue(0, 'must not be negative'));
const count = v.pipe(finite, v.integer('must be whole'), v.minValue(1, 'must be at least 1'));
const pieces = v.array(v.strictObject({ length: positive, left: notNegative, right: notNegative }));
const schema = v.strictObject({
  version: v.literal(4, 'must be 4'),
  prepared: v.strictObject({
    spot: positive,
    annualVolatility: positive,
    logVarianceStdDev: notNegative,
    years: positive,
    monitoringYears: positive,
    latencyYears: notNegative,
    annualRate: finite,
    proportionalCost: notNegative,
    impact: v.strictObject({ buy: pieces, sell: pieces }),
    fixedCost: notNegative,
    riskAversion: positive,
    settlement: v.picklist(['free', 'unwind']),
    endsAtOnce: v.boolean('must be true or false'),
  }),
  certaintyEquivalent: finite,
  years: v.pipe(v.array(positive), v.minLength(1, 'must not be empty')),
  firstLogSpot: finite,
  logSpotStep: positive,
  logSpots: v.pipe(count, v.minValue(2, 'must be at least 2')),
  leastHalfWidth: notNegative,
  edges: v.pipe(v.string('must be a string'), v.check(isBase64, 'must be base64')),
});

/** Of texts of any length: an expression over groups of four overflows the stack on megabytes. */
function isBase64(text: string): boolean {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  return text.length % 4 === 0 && !/[^A-Za-z0-9+/]/.test(text.slice(0, text.length - padding));
}

/**
 * Reads a stored table back.
 *
 * @throws {BandTableInvalidError} for data that {@link serialiseBands} of this version did not write
 */
export function parseBands(json: unknown): BandTable {
  const result = v.safeParse(schema, json);
  if (!result.success) {
    const [issue] = result.issues;
    throw new BandTableInvalidError(v.getDotPath(issue) ?? 'it', issue.input, issue.message);
  }
  const { edges: text, ...rest } = result.output;
  const binary = atob(text);
  const wanted = rest.years.length * rest.logSpots * BAND_FIELDS;
  if (binary.length !== 4 * wanted) {
    throw new BandTableInvalidError('edges', `${binary.length} bytes`, `should be ${4 * wanted} bytes`);
  }
  const view = new DataView(Uint8Array.from(binary, (character) => character.charCodeAt(0)).buffer);
  const edges = Float32Array.from({ length: wanted }, (_, i) => view.getFloat32(4 * i, true));
  if (!edges.every(Number.isFinite)) throw new BandTableInvalidError('edges', 'NaN', 'hold what is no number');
  if (rest.years.some((years, i) => i > 0 && years <= rest.years[i - 1]!)) {
    throw new BandTableInvalidError('years', rest.years, 'do not ascend');
  }
  return Object.freeze({ ...rest, prepared: Object.freeze(rest.prepared), years: Object.freeze(rest.years), edges });
}
