import { InvalidInputError } from '@evenkeel/intents';
import type { AwardBasis } from './award.js';

/** @throws InvalidInputError naming the number that cannot be one. */
export function checkAwardBasis({
  book,
  handicapBps,
  maxCostBps,
  nowSeconds,
  proofSeconds,
  records,
  tokens,
}: AwardBasis): void {
  positive('book.spot', book.spot);
  positive('book.horizonSeconds', book.horizonSeconds);
  notNegative('book.annualVolatility', book.annualVolatility);
  notNegative('book.riskAversion', book.riskAversion);
  notNegative('book.volatilityPoints', book.volatilityPoints ?? 0);
  finite('book.deviation.low', book.deviation.low);
  finite('book.deviation.high', book.deviation.high);
  finite('book.gammaPerUnit', book.gammaPerUnit);
  finite('book.vegaPerPoint', book.vegaPerPoint);
  const correlation = book.spotVolatilityCorrelation ?? 0;
  if (!(Math.abs(correlation) <= 1)) {
    throw refusal('book.spotVolatilityCorrelation', correlation, 'is no correlation', 'Give −1 to 1.');
  }
  if (book.deviation.low > book.deviation.high) {
    throw refusal('book.deviation', book.deviation, 'has its low end above its high end', 'Swap the two.');
  }
  notNegative('handicapBps', handicapBps);
  notNegative('maxCostBps', maxCostBps);
  notNegative('nowSeconds', nowSeconds);
  notNegative('proofSeconds', proofSeconds);
  tokens.forEach(({ price }, index) => positive(`tokens.${index}.price`, price));
  records.forEach(({ asked, filled, partialShare }, index) => {
    if (!(filled >= 0 && filled <= asked && Number.isFinite(asked) && partialShare >= 0 && partialShare <= 1)) {
      throw refusal(
        `records.${index}`,
        { asked, filled, partialShare },
        'is no record',
        'Give filled of asked, and a share.',
      );
    }
  });
}

function positive(field: string, value: number): void {
  if (!(value > 0 && Number.isFinite(value)))
    throw refusal(field, value, 'is not positive', 'Give a number above zero.');
}

function notNegative(field: string, value: number): void {
  if (!(value >= 0 && Number.isFinite(value)))
    throw refusal(field, value, 'is below zero or none', 'Give zero or more.');
}

function finite(field: string, value: number): void {
  if (!Number.isFinite(value)) throw refusal(field, value, 'is not a number', 'Give a finite number.');
}

function refusal(field: string, value: unknown, problem: string, hint: string): InvalidInputError {
  return new InvalidInputError(field, value, problem, hint);
}
