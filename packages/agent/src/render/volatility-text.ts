import type { VolatilityStatement } from '../volatility/stated-volatility.js';

const percent = (value: number): string => `${Number(value.toFixed(1))} %`;

/** One line: what the policy uses and whence, then what else is known. */
export function volatilityText({
  configuredPercent,
  forecast,
  implied,
  source,
  usedPercent,
}: VolatilityStatement): string {
  const used = `  volatility ${percent(usedPercent)} a year, ${source}`;
  const said =
    forecast === null
      ? []
      : [
          `${forecast.model} over ${forecast.horizonDays} days, nine times out of ten ${forecast.ninetyPercent.map(percent).join(' … ')}, candles to ${forecast.asOf}`,
        ];
  const options =
    implied === null || source === 'implied' ? [] : [`the option book's is ${percent(implied.meanPercent)}`];
  const configured =
    configuredPercent === null || source === 'configured'
      ? []
      : [`the configured one is ${percent(configuredPercent)}`];
  return [used, ...said, ...options, ...configured].join('; ');
}
