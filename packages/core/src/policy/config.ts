import * as v from 'valibot';
import type { DecimalString } from '../model/decimal.js';
import { GuardAbsurdError, PolicyConfigInvalidError } from './errors.js';
import type { RiskAversion } from './risk-aversion.js';
import type { RuleConfig } from './rules/rule.js';

/** What a policy decides by. */
export interface PolicyTerms {
  readonly rule: RuleConfig;
  readonly riskAversion: RiskAversion;
  readonly targetDeltaUnits: DecimalString;
  /** How often the book is looked at. */
  readonly monitoringSeconds: number;
  /** What the hedge costs when the book ends: nothing, or its unwinding; `none` leaves the end out of account. */
  readonly settlement: 'free' | 'unwind' | 'none';
  /** Trades are whole multiples of this. */
  readonly lotUnits: DecimalString;
  /**
   * The most that a trade may cost all in, against its notional at the reference price. Absent: no limit, for studies of
   * rules as they were published.
   */
  readonly maxCostBps?: number;
}

/** What an owner decides about the policy of a portfolio: its trades have a limit. */
export interface PolicyConfig extends PolicyTerms {
  readonly maxCostBps: number;
}

/** Limits beyond this are no limits: 10 %. */
export const MOST_GUARD_BPS = 1_000;

const positiveNumber = v.pipe(
  v.number('must be a number'),
  v.finite('must be finite'),
  v.gtValue(0, 'must be above 0'),
);
const decimal = v.pipe(
  v.string('must be a string'),
  v.regex(/^-?(?:0|[1-9]\d*)(?:\.\d+)?$/, 'must be a decimal string'),
);

const ruleSchema = v.variant('kind', [
  v.strictObject({ kind: v.literal('hold') }),
  v.strictObject({ kind: v.literal('fixed-interval'), intervalSeconds: positiveNumber }),
  v.strictObject({
    kind: v.literal('constant-band'),
    halfWidthUnits: positiveNumber,
    tradeTo: v.picklist(['edge', 'middle'], 'must be "edge" or "middle"'),
  }),
  v.strictObject({ kind: v.literal('whalley-wilmott-1997') }),
  v.strictObject({ kind: v.literal('whalley-wilmott-1999'), corrected: v.boolean('must be true or false') }),
  v.strictObject({ kind: v.literal('zakamouline-2006') }),
  v.strictObject({ kind: v.literal('optimal') }),
]);

const terms = {
  rule: ruleSchema,
  riskAversion: v.union(
    [v.strictObject({ perNumeraire: positiveNumber }), v.strictObject({ budgetBpsPerMonth: positiveNumber })],
    'must be { perNumeraire } or { budgetBpsPerMonth }, a positive number',
  ),
  targetDeltaUnits: decimal,
  monitoringSeconds: positiveNumber,
  settlement: v.picklist(['free', 'unwind', 'none'], 'must be "free", "unwind" or "none"'),
  lotUnits: v.pipe(
    decimal,
    v.check((text) => Number(text) > 0, 'must be above 0'),
  ),
};
const configSchema: v.GenericSchema<unknown, PolicyConfig> = v.strictObject({ ...terms, maxCostBps: positiveNumber });
const termsSchema: v.GenericSchema<unknown, PolicyTerms> = v.strictObject({
  ...terms,
  maxCostBps: v.exactOptional(positiveNumber),
});

/**
 * Checks a policy configuration.
 *
 * @throws {GuardAbsurdError} for a cost limit beyond 10 %
 * @throws {PolicyConfigInvalidError} for anything else: a key that is not known, a number that is none or has no unit
 *
 * @example
 * ```ts
 * parsePolicyConfig({ rule: { kind: 'optimal' }, riskAversion: { budgetBpsPerMonth: 20 }, targetDeltaUnits: '0',
 *   monitoringSeconds: 3600, settlement: 'free', maxCostBps: 50, lotUnits: '0.0001' })
 * ```
 */
export function parsePolicyConfig(config: unknown): PolicyConfig {
  const parsed = checked(configSchema, config);
  checkGuardBps('maxCostBps', parsed.maxCostBps);
  return parsed;
}

/**
 * The same for a study, whose trades need no limit.
 *
 * @throws {GuardAbsurdError} for a cost limit beyond 10 %
 * @throws {PolicyConfigInvalidError} for anything else
 */
export function parsePolicyTerms(terms: unknown): PolicyTerms {
  const parsed = checked(termsSchema, terms);
  if (parsed.maxCostBps !== undefined) checkGuardBps('maxCostBps', parsed.maxCostBps);
  return parsed;
}

function checked<T>(schema: v.GenericSchema<unknown, T>, input: unknown): T {
  const result = v.safeParse(schema, input);
  if (result.success) return result.output;
  const [issue] = result.issues;
  const value = issue.path?.at(-1)?.value ?? issue.input;
  const problem = issue.expected === 'never' ? 'is not a setting' : issue.message;
  throw new PolicyConfigInvalidError(v.getDotPath(issue) ?? 'policy', value, problem);
}

/**
 * Refuses a guard (cost, slippage, deviation limit) that would let anything through.
 *
 * @throws {GuardAbsurdError} above {@link MOST_GUARD_BPS}, or where it is no positive number
 */
export function checkGuardBps(field: string, valueBps: number): void {
  if (!(valueBps > 0 && valueBps <= MOST_GUARD_BPS)) throw new GuardAbsurdError(field, valueBps, MOST_GUARD_BPS);
}
