import { InvalidInputError } from '@evenkeel/intents';
import { type Decimal, type DecimalString, parseDecimal } from '../model/decimal.js';
import { sameToken, tokenKey } from '../model/token.js';
import { RouteDuplicateError } from './errors.js';
import type { HedgeBridge, HedgeRequest } from './hedge.js';

/**
 * Refuses what no hedge can be asked for with.
 *
 * @returns The size in units.
 * @throws InvalidInputError, RouteDuplicateError
 */
export function checkHedge(request: HedgeRequest): Decimal {
  const delta = parseDecimal(request.deltaUnits, 'deltaUnits');
  if (delta.lte(0)) {
    throw new InvalidInputError(
      'deltaUnits',
      request.deltaUnits,
      'is not positive',
      'Give the size; the side says the sign.',
    );
  }
  if (parseDecimal(request.referencePrice, 'referencePrice').lte(0)) {
    throw new InvalidInputError(
      'referencePrice',
      request.referencePrice,
      'is not positive',
      'Give numeraire per unit.',
    );
  }
  for (const field of ['baseTokens', 'quoteTokens'] as const) {
    if (request[field].length === 0) {
      throw new InvalidInputError(field, [], 'is empty', 'Name at least one token.');
    }
    const keys = request[field].map(tokenKey);
    const twice = keys.find((key, i) => keys.indexOf(key) !== i);
    if (twice !== undefined) throw new RouteDuplicateError(field, twice);
  }
  const both = request.baseTokens.find((base) => request.quoteTokens.some((quote) => sameToken(base, quote)));
  if (both !== undefined) {
    throw new InvalidInputError('quoteTokens', both.symbol, 'is a base token as well', 'A token has one role.');
  }
  const { maxHops, slippageBps, limitBps } = request;
  if (maxHops !== undefined && !(Number.isSafeInteger(maxHops) && maxHops > 0)) {
    throw new InvalidInputError('maxHops', maxHops, 'is not a positive whole number', 'Use 1 or more.');
  }
  if (!(slippageBps >= 0 && slippageBps < 10_000 && Number.isInteger(slippageBps))) {
    throw new InvalidInputError(
      'slippageBps',
      slippageBps,
      'is not a whole number from 0 to 9,999',
      'Use 30 for 0.3 %.',
    );
  }
  if (limitBps !== undefined && !(limitBps > 0 && limitBps < 10_000)) {
    throw new InvalidInputError('limitBps', limitBps, 'is not between 0 and 10,000', 'Use 200 for 2 %.');
  }
  for (const { atoms, token } of request.inventories) {
    if (atoms < 0n)
      throw new InvalidInputError(`inventories.${token.symbol}`, atoms, 'is negative', 'Give what is there.');
  }
  request.inventoryValues?.forEach(({ perUnit, token }) => {
    const isBase = request.baseTokens.some((base) => sameToken(base, token));
    const price = isBase ? Number(request.referencePrice) : 1;
    const field = `inventoryValues.${token.symbol}`;
    if (nonNegative(perUnit, field) >= price) {
      throw new InvalidInputError(
        field,
        perUnit,
        'is not below the price of the token',
        'Give what is beyond the price.',
      );
    }
  });
  request.bridges.forEach(checkBridge);
  checkStocks(request);
  return delta;
}

function checkStocks({ bridgeStocks = [], bridges }: HedgeRequest): void {
  const ids = bridgeStocks.map(({ id }) => id);
  const twice = ids.find((id, i) => ids.indexOf(id) !== i);
  if (twice !== undefined) throw new RouteDuplicateError('bridgeStocks', twice);
  for (const { atoms, id } of bridgeStocks) {
    if (atoms < 0n) throw new InvalidInputError(`bridgeStocks.${id}`, atoms, 'is negative', 'Give what is there.');
  }
  for (const { adapter, stock, to } of bridges) {
    if (stock === undefined) continue;
    const found = bridgeStocks.find(({ id }) => id === stock);
    if (found === undefined || !sameToken(found.token, to)) {
      const why = 'is not a stock of the token that the lane pays out';
      throw new InvalidInputError(`bridges.${adapter}.stock`, stock, why, 'Name one of `bridgeStocks`.');
    }
  }
}

function checkBridge(bridge: HedgeBridge): void {
  const field = `bridges.${bridge.adapter}`;
  if (!(Number.isFinite(bridge.feeBps) && bridge.feeBps >= 0 && bridge.feeBps < 10_000)) {
    throw new InvalidInputError(`${field}.feeBps`, bridge.feeBps, 'is not within 0 to 9,999', 'Use 5 for 0.05 %.');
  }
  if (parseDecimal(bridge.fixedCostNumeraire, `${field}.fixedCostNumeraire`).lt(0)) {
    throw new InvalidInputError(
      `${field}.fixedCostNumeraire`,
      bridge.fixedCostNumeraire,
      'is negative',
      'Use 0 or more.',
    );
  }
  if (bridge.minAtoms < 0n || bridge.maxAtoms < 0n || bridge.gasUnits < 0n) {
    throw new InvalidInputError(`${field}.minAtoms`, bridge.minAtoms, 'or another limit is negative', 'Use 0 or more.');
  }
  if (!(Number.isFinite(bridge.timeSeconds) && bridge.timeSeconds >= 0)) {
    throw new InvalidInputError(
      `${field}.timeSeconds`,
      bridge.timeSeconds,
      'is not a duration',
      'Use seconds, 0 or more.',
    );
  }
  if (bridge.from.chainId === bridge.to.chainId) {
    throw new InvalidInputError(
      `${field}.to`,
      tokenKey(bridge.to),
      'is on the chain it comes from',
      'Bridges join chains.',
    );
  }
}

export function nonNegative(value: DecimalString, field: string): number {
  const number = parseDecimal(value, field).toNumber();
  if (number < 0) throw new InvalidInputError(field, value, 'is negative', 'Use 0 or more.');
  return number;
}
