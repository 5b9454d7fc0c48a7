import { readFileSync } from 'node:fs';
import { parsePolicyTerms, type PolicyTerms } from '@evenkeel/core';
import * as v from 'valibot';
import { parse as parseYaml } from 'yaml';
import { ConfigUnreadableError } from '../config/errors.js';
import { BacktestConfigInvalidError } from './errors.js';
import { type BacktestConfig, backtestSchema } from './schema.js';

/** Reads and checks a YAML file. @throws ConfigUnreadableError, and what {@link parseBacktestConfig} throws */
export function loadBacktestConfig(file: string): BacktestConfig {
  let parsed: unknown;
  try {
    parsed = parseYaml(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new ConfigUnreadableError(file, error);
  }
  return parseBacktestConfig(parsed);
}

/**
 * Checks the schema, that every name is known and used once, and each policy by the policy station's own rules.
 *
 * @throws BacktestConfigInvalidError (BACKTEST_CONFIG_INVALID), which names the field, the value and the way out
 * @throws PolicyConfigInvalidError, GuardAbsurdError for a policy's own settings
 */
export function parseBacktestConfig(input: unknown): BacktestConfig {
  const result = v.safeParse(backtestSchema, input);
  if (!result.success) {
    // A misspelt key usually leaves the right one missing: speak of the misspelt one.
    const issue =
      result.issues.find((each) => each.type === 'strict_object' && each.expected === 'never') ?? result.issues[0];
    const value: unknown = issue.path?.at(-1)?.value ?? issue.input;
    throw new BacktestConfigInvalidError(v.getDotPath(issue) ?? 'the file', value, problemOf(issue));
  }
  const config = result.output;
  checkNames(config);
  checkBook(config);
  for (const policy of config.policies) policyConfigOf(config, policy);
  for (const [i, leg] of config.book.legs.entries()) {
    if (leg.kind !== 'liquidity' || (leg.lowPercentOfSpot === undefined) === (leg.highPercentOfSpot === undefined)) {
      continue;
    }
    throw new BacktestConfigInvalidError(`book.legs.${i}`, leg, 'has only one end of its range', 'Give both or none.');
  }
  return config;
}

function problemOf(issue: v.BaseIssue<unknown>): string {
  if (issue.type === 'strict_object' && issue.expected === 'never') return 'is not a key that is known';
  return issue.received === 'undefined' ? 'is missing' : issue.message;
}

/** Legs that start anew, or a file of positions with their own dates. */
function checkBook({ book, market }: BacktestConfig): void {
  if ((book.legs.length === 0) === (book.file === undefined)) {
    throw new BacktestConfigInvalidError('book.legs', book.legs, 'must be given, or a file, and not both');
  }
  if (book.file === undefined) return;
  if (market.kind !== 'candles') {
    throw new BacktestConfigInvalidError('book.file', book.file, 'needs candles, on which dates mean something');
  }
  if (book.normalisedSpotUsd !== undefined || book.startEveryDays !== undefined) {
    const hint = 'Leave out normalisedSpotUsd and startEveryDays.';
    throw new BacktestConfigInvalidError('book.file', book.file, 'has strikes and dates of its own', hint);
  }
}

function checkNames({ baseline, book, optimum, policies, targets, terms, volatilities }: BacktestConfig): void {
  const names = policies.map((policy) => policy.name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new BacktestConfigInvalidError('policies', twice, 'have one name twice');
  const known = (field: string, name: string | undefined, among: readonly string[]): void => {
    if (name === undefined || among.includes(name)) return;
    throw new BacktestConfigInvalidError(field, name, 'is not among the names', `Use one of: ${among.join(', ')}.`);
  };
  const sources = Object.keys(volatilities);
  known('book.premium', book.premium, sources);
  known('terms.volatility', terms.volatility, sources);
  for (const policy of policies) known(`policies.${policy.name}.volatility`, policy.volatility, sources);
  known('optimum', optimum, names);
  known('baseline', baseline, names);
  for (const [i, target] of targets.entries()) {
    known(`targets.${i}.policy`, target.policy, names);
    known(`targets.${i}.against`, target.against, names);
  }
}

/** The terms of one policy: the common ones, unless it says otherwise. */
export function termsOf(
  { terms }: BacktestConfig,
  policy: BacktestConfig['policies'][number],
): BacktestConfig['terms'] {
  const own = Object.entries(policy).filter(
    ([key, value]) => !['name', 'rule', 'lattice'].includes(key) && value !== undefined,
  );
  return { ...terms, ...Object.fromEntries(own) };
}

/** The same as the policy station reads it; checked by it. */
export function policyConfigOf(config: BacktestConfig, policy: BacktestConfig['policies'][number]): PolicyTerms {
  const { lotUnits, maxCostBps, monitoringSeconds, riskAversion, settlement, targetDeltaUnits } = termsOf(
    config,
    policy,
  );
  return parsePolicyTerms({
    rule: policy.rule,
    riskAversion: 'perUsd' in riskAversion ? { perNumeraire: riskAversion.perUsd } : riskAversion,
    targetDeltaUnits,
    monitoringSeconds,
    settlement,
    lotUnits,
    ...(maxCostBps === undefined ? {} : { maxCostBps }),
  });
}
